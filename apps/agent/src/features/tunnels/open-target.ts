import { connect } from 'node:net'
import { errorMessage, joinHostPort, type Logger } from '@rport/kit'
import { DecodeError, parseTunnelTarget, TUNNEL_NOT_ALLOWED, type TunnelTarget } from '@rport/protocol'
import { type ChannelOpen, pipeSocket, type SocketPipe } from '@rport/transport'
import type { PermittedTarget, TargetPermission } from './target-permission.ts'

/** A target that does not answer is given up, in milliseconds: visitors wait behind it. */
const CONNECT_TIMEOUT_MS = 30_000

export interface TargetOpener {
  /** Answers one channel that the server opens: permission again, confirm, dial, join. */
  open(channel: ChannelOpen): void
  /** Ends all that are open. */
  close(): void
  readonly openTargets: number
}

/** Joins channels of the server with the targets they name, each after asking for permission. */
export function createTargetOpener(deps: { permission: TargetPermission; log: Logger }): TargetOpener {
  const { permission, log } = deps
  const pipes = new Set<SocketPipe>()

  const dial = (open: ChannelOpen, target: PermittedTarget) => {
    // The channel is confirmed first and the target dialled behind it, as agents always did (wire-protocol 4.1).
    const channel = open.accept()
    const socket = connect({ host: target.dialHost, port: target.port, allowHalfOpen: true, noDelay: true })
    socket.pause()
    const patience = setTimeout(() => socket.destroy(new Error('no answer from the target')), CONNECT_TIMEOUT_MS)
    socket.once('connect', () => clearTimeout(patience))
    socket.once('error', (error) => {
      log.info({ target: joinHostPort(target.host, target.port), reason: error.message }, 'tunnel target failed')
    })
    const pipe = pipeSocket(socket, channel)
    pipes.add(pipe)
    void pipe.closed.then(() => {
      clearTimeout(patience)
      pipes.delete(pipe)
    })
  }

  const judge = async (open: ChannelOpen, target: TunnelTarget) => {
    const permitted = await permission.judge(target)
    if (permitted) dial(open, permitted)
    else {
      log.warn({ target: joinHostPort(target.host, target.port) }, 'tunnel target refused by tunnel_allowed')
      open.reject('prohibited', TUNNEL_NOT_ALLOWED)
    }
  }

  return {
    get openTargets() {
      return pipes.size
    },
    open(open) {
      let target: TunnelTarget
      try {
        target = parseTunnelTarget(open.data.toString('utf8'))
      } catch (error) {
        const reason = error instanceof DecodeError ? error.message : errorMessage(error)
        open.reject('connect-failed', reason)
        return
      }
      if (target.protocol !== 'tcp') {
        open.reject('unknown-type', `${target.protocol} tunnels need a newer agent: update it, or use tcp`)
        return
      }
      judge(open, target).catch((error: unknown) => {
        log.info(
          { target: joinHostPort(target.host, target.port), reason: errorMessage(error) },
          'tunnel target not judged',
        )
        open.reject('prohibited', TUNNEL_NOT_ALLOWED)
      })
    },
    close() {
      for (const pipe of pipes) pipe.close()
    },
  }
}
