import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { type Logger, silentLogger } from '@rport/kit'
import type { Channel, ChannelOpen } from '../channel.ts'
import { TransportError } from '../errors.ts'
import { fingerprintMatches } from '../ssh/algorithms/host-key.ts'
import type { AlgorithmChoice } from '../ssh/algorithms/negotiate.ts'
import { DEFAULT_LIMITS, type SshLimits } from '../ssh/limits.ts'
import { SshSession } from '../ssh/session.ts'
import { clientAuth, serverAuth } from '../ssh/user-auth.ts'
import { TEST_HOST_KEY } from './connected-pair.ts'
import { TcpLink } from './tcp-link.ts'

/** Our engine as other SSH programs know SSH: over bare TCP, identified as version 2.0. */
export interface PlainSshOptions {
  readonly algorithms?: AlgorithmChoice
  readonly limits?: Partial<SshLimits>
  readonly log?: Logger
}

export interface PlainSshServer {
  readonly port: number
  /** The next client that has logged in (any name, password `right`); rejects with the reason when one fails. */
  next(): Promise<SshSession>
  close(): void
}

/** Our server's role on a port of loopback. Sessions are not served yet. */
export async function servePlainSsh(options: PlainSshOptions = {}): Promise<PlainSshServer> {
  const outcomes: Promise<SshSession>[] = []
  const waiting: ((outcome: Promise<SshSession>) => void)[] = []
  const sockets = new Set<Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    const session = new SshSession(new TcpLink(socket), {
      transport: { name: 'server', hostKey: TEST_HOST_KEY },
      auth: serverAuth(async (_user, password) => password === 'right', DEFAULT_LIMITS.authTries),
      ident: 'SSH-2.0-rport',
      log: options.log ?? silentLogger,
      ...(options.algorithms ? { algorithms: options.algorithms } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
    })
    session.start()
    const outcome = session.authenticated.then(() => session)
    outcome.catch(() => undefined)
    const first = waiting.shift()
    if (first) first(outcome)
    else outcomes.push(outcome)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    next: () => outcomes.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Our agent's role towards another family's server. @throws TransportError like `loginOverLink` */
export async function dialPlainSsh(
  port: number,
  options: PlainSshOptions & {
    readonly fingerprint?: string
    readonly onFingerprint?: (fingerprint: string) => void
  } = {},
): Promise<SshSession> {
  const socket = net.connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  const session = new SshSession(new TcpLink(socket), {
    transport: {
      name: 'client',
      acceptHostKey(fingerprint) {
        options.onFingerprint?.(fingerprint)
        if (!fingerprintMatches(fingerprint, options.fingerprint ?? ''))
          throw new TransportError('fingerprint-mismatch', fingerprint)
      },
    },
    auth: clientAuth('agent-1', 'right'),
    ident: 'SSH-2.0-rport',
    log: options.log ?? silentLogger,
    ...(options.algorithms ? { algorithms: options.algorithms } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
  })
  session.start()
  await session.authenticated
  return session
}

/** Sends back what comes, reading no more than the peer takes; ends its own direction after the peer has. */
export function echo(channel: Channel): void {
  let owed = 0
  channel.onData = (bytes) => {
    if (channel.send(Buffer.from(bytes)) && owed === 0) channel.consumed(bytes.length)
    else owed += bytes.length
  }
  channel.onDrain = () => {
    channel.consumed(owed)
    owed = 0
  }
  channel.onEof = () => channel.sendEof()
}

/** Accepts every channel and echoes it. */
export const echoAll = (open: ChannelOpen): void => echo(open.accept())
