import { type Clock, formatDuration, type Logger, systemClock } from '@rport/kit'
import type { Connection } from './connection.ts'
import { openLink, type Way, type WayStep } from './dial/index.ts'
import { TransportError } from './errors.ts'
import type { ByteLink } from './link.ts'
import { shakeHands } from './shake-hands.ts'
import { fingerprintMatches } from './ssh/algorithms/host-key.ts'
import type { SshLimits } from './ssh/limits.ts'
import { SshSession } from './ssh/session.ts'
import { clientAuth } from './ssh/user-auth.ts'
import type { WsLink } from './ws/ws-link.ts'

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

export interface DialOptions extends LoginOptions, Way {
  /** Name look-up, TCP, proxy, TLS and upgrade together must be over within this time, in milliseconds. */
  readonly connectTimeoutMs: number
  /** Name look-up and TCP alone; default: `connectTimeoutMs`. */
  readonly reachTimeoutMs?: number
}

/**
 * Connects to a server, checks its key, logs in.
 * @returns an authenticated connection; nothing is delivered before its owner calls `serve`
 * @throws  TransportError: dial-failed, proxy-refused, certificate-refused, upgrade-refused, fingerprint-mismatch, auth-refused,
 *          handshake-failed, timed-out, closed
 */
export async function dialServer(options: DialOptions): Promise<Connection> {
  return loginOverLink(await openInTime(options), options)
}

/** One deadline for the whole way: no step of it can wait for ever. */
async function openInTime(options: DialOptions): Promise<WsLink> {
  const { signal, connectTimeoutMs, reachTimeoutMs = connectTimeoutMs, clock = systemClock } = options
  const ending = new AbortController()
  const onAbort = () => ending.abort(new TransportError('dial-failed', 'stopped', { cause: signal?.reason }))
  const giveUpAfter = (limitMs: number, what: string) =>
    clock.setTimeout(
      () => ending.abort(new TransportError('timed-out', `${what} within ${formatDuration(limitMs)}`)),
      limitMs,
    )
  const { host } = options.url
  const timer = giveUpAfter(connectTimeoutMs, `no connection to ${host}`)
  const peer = options.proxy === undefined ? host : 'the proxy'
  const reaching = giveUpAfter(reachTimeoutMs, `no answer from ${peer}: nothing comes back from that address`)
  const onStep = (step: WayStep) => {
    if (step === 'connected') reaching.cancel()
    options.onStep?.(step)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  try {
    return await openLink({ ...options, onStep }, ending.signal)
  } finally {
    timer.cancel()
    reaching.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Logs in over a link that exists already. */
export function loginOverLink(link: ByteLink, options: LoginOptions): Promise<Connection> {
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
  return shakeHands(session, options.signal, 'stopped')
}
