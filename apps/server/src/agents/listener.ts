import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Clock, callerAddress, errorMessage, type IpNetwork, type Logger, parseIp } from '@rport/kit'
import type { Capabilities } from '@rport/protocol'
import { acceptAgent, type Connection, type HostKey, judgeUpgrade, TransportError } from '@rport/transport'
import { type DescriptorBudget, listenFault, type Newcomers } from '../sockets/index.ts'
import { type AgentDuties, greetAgent } from './agent-greeting.ts'
import { createHandshakeSlots } from './handshake-slots.ts'
import type { LinkCounts } from './link-counts.ts'
import {
  BAD_UPGRADE,
  BANNED,
  BUSY,
  faultOf,
  NOT_FOUND,
  sendPlainAnswer,
  WRONG_METHOD,
  writePlainAnswer,
} from './plain-answers.ts'

/** Whoever guesses credentials is slowed down; see features/login/lockout.ts. */
export interface AgentLockout {
  isBanned(address: string): boolean
  isPaused(name: string, address: string): boolean
  loginFailed(name: string, address: string): void
  loginSucceeded(name: string, address: string): void
}

export interface AgentListenerDeps {
  readonly listen: { readonly host: string; readonly port: number }
  readonly hostKey: HostKey
  /** Judges client auth id and password; takes as long for unknown ids. */
  readonly verifyClientAuth: (clientAuthId: string, password: string) => Promise<boolean>
  readonly duties: AgentDuties
  readonly lockout: AgentLockout
  readonly capabilities: Capabilities
  readonly maxConcurrentHandshakes: number
  readonly maxRequestBytes: number
  readonly trustedProxies: readonly IpNetwork[]
  /** Bounds the connections of one address that have not logged in. */
  readonly newcomers: Newcomers
  /** How many clients were last connected from an address, also before a restart. */
  readonly clientsAt: (address: string) => number
  /** Bounds all connections. */
  readonly descriptors: Pick<DescriptorBudget, 'take' | 'give'>
  /** Told of every login and of everybody who is turned away. */
  readonly counts: Pick<LinkCounts, 'opened' | 'refused'>
  /** Told of every wrong password, and of ids that are not known. */
  readonly onLoginFailed: (clientAuthId: string, address: string) => void
  /** May answer a plain request; @returns whether it does. Nobody does: it is answered with an empty 404. */
  readonly answerPlain?: ((request: IncomingMessage, response: ServerResponse, address: string) => boolean) | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** The port on which agents arrive. */
export interface AgentListener {
  /** @throws StartError when the address cannot be had */
  start(): Promise<{ host: string; port: number }>
  /** Lets no more agents in; those inside stay. The first half of `close`. */
  stopListening(): void
  /** Stops to listen and ends every connection. Idempotent, also before or after a failed start. */
  close(): Promise<void>
  readonly isListening: boolean
  /** Agents that wait for or are in their handshake. */
  readonly pendingHandshakes: number
}

const HEADER_TIMEOUT_MS = 5000
/**
 * The work of one handshake takes a few milliseconds. Who needs longer waits for the network, and goes on without the slot: a
 * slot lets in 200 agents a second however far away they are, and a thousand silent peers delay the next one by seconds.
 */
const SLOT_MS = 5
/** Handshakes waiting or running at once: a fleet that comes back, not a flood. */
const MAX_PENDING = 20_000
/** Connections that the kernel may hold back while we are busy: a fleet that comes back at once. The system may allow less. */
const BACKLOG = 4096
/** Sockets on this port: the fleet and those that are no agents yet. */
const MAX_SOCKETS = 60_000

/** Accepts agents: HTTP, WebSocket, SSH, login, registration. What happens then is decided by `duties`. */
export function createAgentListener(deps: AgentListenerDeps): AgentListener {
  const { counts, descriptors, lockout, log, newcomers } = deps
  const slots = createHandshakeSlots({
    slots: deps.maxConcurrentHandshakes,
    slotMs: SLOT_MS,
    maxPending: MAX_PENDING,
    clock: deps.clock,
  })
  const stopping = new AbortController()
  const connections = new Set<Connection>()

  const onSocket = (socket: Socket) => {
    if (!newcomers.arrived(socket) || !descriptors.take()) {
      counts.refused('limit')
      socket.destroy()
      return
    }
    socket.once('close', descriptors.give)
  }

  const addressOf = (request: IncomingMessage): string => {
    const forwarded = request.headers['x-forwarded-for']
    const header = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    return callerAddress(request.socket.remoteAddress ?? '', header, deps.trustedProxies)
  }

  const verifyFrom = (address: string, onRefused: () => void) => async (clientAuthId: string, password: string) => {
    if (lockout.isPaused(clientAuthId, address)) {
      log.info({ clientAuthId, address }, 'agent login refused: paused after a failed one')
      onRefused()
      return false
    }
    const isRight = await deps.verifyClientAuth(clientAuthId, password)
    if (isRight) {
      lockout.loginSucceeded(clientAuthId, address)
      return true
    }
    lockout.loginFailed(clientAuthId, address)
    // Fixed text and field names: tools such as fail2ban match on them (docs/manual/security.md).
    log.warn({ address, clientAuthId }, 'agent login failed')
    deps.onLoginFailed(clientAuthId, address)
    onRefused()
    return false
  }

  /** By itself, so that nothing of the handshake lives as long as the connection. */
  const take = (connection: Connection, address: string) => {
    connections.add(connection)
    counts.opened(connection)
    void connection.closed.then(() => connections.delete(connection))
    greetAgent({ connection, clientAuthId: connection.user, address }, deps)
  }

  const welcome = async (request: IncomingMessage, socket: Duplex, head: Buffer, address: string) => {
    // Whoever is not known by the socket's own address, because a proxy stands between, is counted by the true one.
    const isForwarded = address !== parseIp(request.socket.remoteAddress ?? '')?.text
    const release = isForwarded ? newcomers.admit(address) : () => newcomers.known(request.socket)
    const leave = release && (await slots.enter(deps.clientsAt(address) > 0 ? 'known' : 'stranger'))
    if (!release || !leave) {
      counts.refused(release ? 'busy' : 'limit')
      release?.()
      writePlainAnswer(socket, BUSY)
      return
    }
    let isCounted = false
    const onRefused = () => {
      if (!isCounted) counts.refused('credentials')
      isCounted = true
    }
    try {
      if (socket.destroyed || stopping.signal.aborted) {
        socket.destroy()
        return
      }
      const connection = await acceptAgent(request, socket, head, address, {
        hostKey: deps.hostKey,
        verifyPassword: verifyFrom(address, onRefused),
        clock: deps.clock,
        log: log.child({ address }),
        signal: stopping.signal,
      })
      take(connection, address)
    } catch (error) {
      const reason = error instanceof TransportError ? error.message : errorMessage(error)
      log.debug({ address, reason }, 'handshake of an agent failed')
      if (!isCounted) counts.refused('handshake')
    } finally {
      leave()
      release()
    }
  }

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A socket without an error listener would end the program.
    socket.on('error', () => socket.destroy())
    const address = addressOf(request)
    if (lockout.isBanned(address)) {
      counts.refused('banned')
      return writePlainAnswer(socket, BANNED)
    }
    const verdict = judgeUpgrade(request)
    if (verdict !== 'agent') counts.refused('no-agent')
    if (verdict === 'malformed') return writePlainAnswer(socket, BAD_UPGRADE)
    if (verdict === 'wrong-method') return writePlainAnswer(socket, WRONG_METHOD)
    const fault = faultOf(request, deps.maxRequestBytes)
    if (fault) return writePlainAnswer(socket, fault)
    if (verdict === 'not-an-agent') return writePlainAnswer(socket, NOT_FOUND)
    void welcome(request, socket, head, address)
  }

  const server: Server = createServer(
    {
      maxHeaderSize: deps.maxRequestBytes,
      headersTimeout: HEADER_TIMEOUT_MS,
      requestTimeout: HEADER_TIMEOUT_MS * 2,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: HEADER_TIMEOUT_MS,
      noDelay: true,
    },
    (request, response) => {
      const address = addressOf(request)
      if (lockout.isBanned(address)) return sendPlainAnswer(response, BANNED)
      const fault = faultOf(request, deps.maxRequestBytes)
      if (!fault && deps.answerPlain?.(request, response, address)) return
      // An upgrade to something else reaches us here or there, depending on its headers: the answer is the same.
      sendPlainAnswer(response, fault ?? NOT_FOUND)
    },
  )
  server.maxConnections = MAX_SOCKETS
  server.on('connection', onSocket)
  server.on('upgrade', onUpgrade)
  server.on('clientError', (_error, socket) => socket.destroy())

  let stopped: Promise<void> | undefined
  const stopListening = () => {
    if (!server.listening) return
    stopped = new Promise((resolve) => server.close(() => resolve()))
  }

  return {
    start: () => listen(server, deps.listen, log),
    get isListening() {
      return server.listening
    },
    get pendingHandshakes() {
      return slots.pending
    },
    stopListening,
    async close() {
      stopping.abort(new Error('the server stops'))
      for (const connection of connections) connection.close('the server stops')
      stopListening()
      server.closeAllConnections()
      await stopped
    },
  }
}

async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
  log: Logger,
): Promise<{ host: string; port: number }> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, backlog: BACKLOG, ...(host === '' ? {} : { host }) }, () => {
        server.removeListener('error', reject)
        resolve()
      })
    })
  } catch (error) {
    throw listenFault({ whom: 'agents', setting: '[server] address' }, { host, port }, error)
  }
  // Only accept() fails from here on, for want of descriptors: the listener stays.
  server.on('error', (error) => log.error({ error: errorMessage(error) }, 'cannot accept agents'))
  const bound = server.address() as AddressInfo
  return { host: bound.address, port: bound.port }
}
