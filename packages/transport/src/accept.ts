import type { IncomingMessage } from 'node:http'
import type { Clock, Logger } from '@rport/kit'
import type { Connection } from './connection.ts'
import type { ByteLink } from './link.ts'
import { shakeHands } from './shake-hands.ts'
import type { HostKey } from './ssh/algorithms/host-key.ts'
import { DEFAULT_LIMITS, type SshLimits } from './ssh/limits.ts'
import { SshSession } from './ssh/session.ts'
import { type PasswordCheck, serverAuth } from './ssh/user-auth.ts'
import { acceptUpgrade } from './ws/upgrade-server.ts'
import type { LinkSocket } from './ws/ws-link.ts'

/** Our identification line in the server's role (wire-protocol 2.1). */
const SERVER_IDENT = 'SSH-rport-v1-server'

export interface AcceptOptions {
  readonly hostKey: HostKey
  /** Judges client auth id and password; takes as long for unknown ids. */
  readonly verifyPassword: PasswordCheck
  readonly log: Logger
  readonly clock?: Clock
  readonly limits?: Partial<SshLimits>
  /** Ends the handshake when the server stops. */
  readonly signal?: AbortSignal
}

/**
 * Answers an agent's upgrade (judged before by `judgeUpgrade`) and runs the handshake.
 * @returns an authenticated connection; nothing is delivered before its owner calls `serve`
 * @throws  TransportError when the handshake fails or takes longer than `limits.handshakeTimeoutMs`
 */
export function acceptAgent(
  request: IncomingMessage,
  socket: LinkSocket,
  head: Buffer,
  remoteAddress: string,
  options: AcceptOptions,
): Promise<Connection> {
  // What we say first (the answer, identification, offer) leaves in one system call.
  socket.cork()
  try {
    return acceptLink(acceptUpgrade(request, socket, head, remoteAddress), options)
  } finally {
    socket.uncork()
  }
}

/** The same over a link that exists already. */
export function acceptLink(link: ByteLink, options: AcceptOptions): Promise<Connection> {
  const session = new SshSession(link, {
    transport: { name: 'server', hostKey: options.hostKey },
    auth: serverAuth(options.verifyPassword, options.limits?.authTries ?? DEFAULT_LIMITS.authTries),
    ident: SERVER_IDENT,
    log: options.log,
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
  })
  return shakeHands(session, options.signal, 'the server stops')
}
