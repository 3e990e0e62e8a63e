import type { Clock, Logger } from '@rport/kit'
import { aclAllows, parseTunnelAcl, TUNNEL_CHANNEL } from '@rport/protocol'
import type { Connection } from '@rport/transport'
import { type Descriptors, openTcpListener, type PipeSocket, type TcpListener } from './tcp-listener.ts'

/** Where a tunnel listens, where it leads to, and for whom. Plain data: it may come from another process. */
export interface TunnelWay {
  /** Whose tunnel it is: for the log. */
  readonly clientId: string
  readonly host: string
  /** Never 0. */
  readonly port: number
  /** As the agent is told it: see `formatTunnelTarget`. */
  readonly target: string
  /** Who may enter; null: everybody. */
  readonly acl: string | null
}

/** What a tunnel listens with. */
export interface TunnelListener extends TcpListener {
  /** Like `openConnections`, and not even a turn of the loop behind. */
  countNow(): Promise<number>
  /** Judges new visitors by another text from the moment that this settles on; those inside stay. @throws TunnelAclError */
  changeAcl(acl: string | null): Promise<void>
}

/**
 * Opens the listener of a tunnel, where the connection of its agent is.
 * @returns already accepting; the caller must `close` it
 * @throws  TunnelAclError, and what the operating system says: EADDRINUSE, EACCES, EADDRNOTAVAIL
 */
export type OpenTunnelListener = (
  connection: Connection,
  way: TunnelWay,
  /** Told when a visitor has come or gone. */
  onVisitors?: () => void,
) => Promise<TunnelListener>

export interface TunnelListenersDeps {
  /** Joins a socket with a channel: `pipeSocket` of packages/transport. */
  readonly pipe: PipeSocket
  /** Bounds the visitors of all tunnels; absent in tests. */
  readonly descriptors?: Descriptors | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** The agent must confirm a channel within this time. It may look up a name first, one channel after the other. */
const CHANNEL_TIMEOUT_MS = 30_000

/** Listeners in this process, for connections of this process. */
export function createTunnelListeners(deps: TunnelListenersDeps): OpenTunnelListener {
  return async (connection, { clientId, host, port, target, acl: aclText }, onVisitors) => {
    let acl = parseTunnelAcl(aclText)
    const targetBytes = Buffer.from(target)
    const timeoutMs = CHANNEL_TIMEOUT_MS
    const listener = await openTcpListener({
      listen: { host, port },
      admits: (address) => aclAllows(acl, address),
      openEarly: () => connection.openEarly(TUNNEL_CHANNEL, targetBytes, { timeoutMs }),
      openChannel: (signal) => connection.openChannel(TUNNEL_CHANNEL, targetBytes, { timeoutMs, signal }),
      onVisitors,
      pipe: deps.pipe,
      descriptors: deps.descriptors,
      clock: deps.clock,
      log: deps.log.child({ clientId, listenPort: port }),
    })
    return Object.assign(listener, {
      countNow: async () => listener.openConnections,
      async changeAcl(text: string | null) {
        acl = parseTunnelAcl(text)
      },
    })
  }
}
