import net from 'node:net'
import tls from 'node:tls'
import { type Clock, joinHostPort, type Logger } from '@rport/kit'
import type { Connection } from './connection.ts'
import { TransportError } from './errors.ts'
import type { ByteLink } from './link.ts'
import { fingerprintMatches } from './ssh/algorithms/host-key.ts'
import type { SshLimits } from './ssh/limits.ts'
import { SshSession } from './ssh/session.ts'
import { clientAuth } from './ssh/user-auth.ts'
import { type DialSocket, encodeUpgrade, UpgradeAnswer } from './ws/upgrade-client.ts'
import { WsLink } from './ws/ws-link.ts'

/** Our identification line in the agent's role (wire-protocol 2.1). */
const AGENT_IDENT = 'SSH-rport-v1-client'

export interface LoginOptions {
  /** What the server's fingerprint must begin with; empty accepts any key. */
  readonly fingerprint: string
  readonly clientAuthId: string
  readonly password: string
  readonly log: Logger
  readonly clock?: Clock
  readonly limits?: Partial<SshLimits>
  readonly signal?: AbortSignal
  /** Told when an unpinned server has shown its key. */
  readonly onFingerprint?: (fingerprint: string) => void
}

export interface DialOptions extends LoginOptions {
  /** `ws:` or `wss:` URL with a port. */
  readonly url: URL
  /** Value of the Host header; default: host and port of the URL. */
  readonly hostHeader?: string
  /** Further headers, `User-Agent` among them. */
  readonly headers: Readonly<Record<string, string>>
  /** TCP, TLS and upgrade together must be over within this time, in milliseconds. */
  readonly connectTimeoutMs: number
}

/**
 * Connects to a server, checks its key, logs in.
 * @returns an authenticated connection; nothing is delivered before its owner calls `serve`
 * @throws  TransportError: dial-failed, upgrade-refused, fingerprint-mismatch, auth-refused, handshake-failed, timed-out, closed
 */
export async function dialServer(options: DialOptions): Promise<Connection> {
  return loginOverLink(await openLink(options), options)
}

/** Logs in over a link that exists already. */
export async function loginOverLink(link: ByteLink, options: LoginOptions): Promise<Connection> {
  const session = new SshSession(link, {
    transport: {
      name: 'client',
      acceptHostKey(fingerprint) {
        options.onFingerprint?.(fingerprint)
        if (fingerprintMatches(fingerprint, options.fingerprint)) return
        throw new TransportError('fingerprint-mismatch', `invalid fingerprint (${fingerprint})`)
      },
    },
    auth: clientAuth(options.clientAuthId, options.password),
    ident: AGENT_IDENT,
    log: options.log,
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
  })
  const onAbort = () => session.close('stopped')
  options.signal?.addEventListener('abort', onAbort, { once: true })
  session.start()
  if (options.signal?.aborted) onAbort()
  try {
    await session.authenticated
    return session
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
  }
}

function openLink(options: DialOptions): Promise<WsLink> {
  const { url } = options
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (url.protocol === 'wss:' ? 443 : 80))
  const { text, key } = encodeUpgrade({
    path: `${url.pathname}${url.search}`,
    host: options.hostHeader || joinHostPort(host, port),
    headers: options.headers,
  })
  return new Promise((resolve, reject) => {
    const answer = new UpgradeAnswer(key)
    const socket: DialSocket =
      url.protocol === 'wss:'
        ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), minVersion: 'TLSv1.2' })
        : net.connect({ host, port })
    const finish = (outcome: WsLink | Error) => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      socket.removeListener('data', onData)
      if (outcome instanceof Error) {
        socket.on('error', ignoreLateErrors)
        socket.destroy()
        reject(outcome)
      } else resolve(outcome)
    }
    const failed = (code: 'dial-failed' | 'timed-out', message: string, cause?: unknown) =>
      finish(new TransportError(code, message, { cause }))
    const timer = setTimeout(
      () => failed('timed-out', `no connection to ${joinHostPort(host, port)} within ${options.connectTimeoutMs} ms`),
      options.connectTimeoutMs,
    )
    const onAbort = () => failed('dial-failed', 'stopped', options.signal?.reason)
    const onError = (error: Error) => failed('dial-failed', error.message, error)
    const onEnd = () => failed('dial-failed', 'the server closed the connection before it answered the upgrade')
    const onData = (bytes: Buffer) => {
      try {
        const rest = answer.feed(bytes)
        if (!rest) return
        socket.removeListener('error', onError)
        socket.removeListener('close', onEnd)
        socket.removeListener('data', onData)
        const link = new WsLink(socket, { isClient: true, remoteAddress: socket.remoteAddress ?? host })
        link.listen(Buffer.from(rest))
        finish(link)
      } catch (thrown) {
        finish(thrown as Error)
      }
    }
    if (options.signal?.aborted) return onAbort()
    options.signal?.addEventListener('abort', onAbort, { once: true })
    socket.once(url.protocol === 'wss:' ? 'secureConnect' : 'connect', () => socket.write(text))
    socket.on('error', onError)
    socket.on('close', onEnd)
    socket.on('data', onData)
  })
}

const ignoreLateErrors = () => {
  // The dial has failed and been reported; a reset that follows says nothing new.
}
