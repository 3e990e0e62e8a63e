import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Clock, callerAddress, errorMessage, type IpNetwork, type Logger } from '@rport/kit'
import { acceptAgent, type Connection, type HostKey, judgeUpgrade, TransportError } from '@rport/transport'
import { type DescriptorBudget, listenFault } from '../sockets/index.ts'
import type { Admission, Judgement } from './admission.ts'
import { createHandshakeSlots } from './handshake-slots.ts'
import type { LinkCounts, LinkRefusal } from './link-counts.ts'
import {
  BAD_UPGRADE,
  BANNED,
  BUSY,
  faultOf,
  NOT_FOUND,
  type PlainAnswer,
  WRONG_METHOD,
  writePlainAnswer,
} from './plain-answers.ts'
import type { AnswerPlain } from './plain-desk.ts'

export interface AgentListenerDeps {
  readonly listen: { readonly host: string; readonly port: number }
  /** Other processes of this server listen on the same port; the kernel shares out who comes. */
  readonly isShared?: boolean
  readonly hostKey: HostKey
  readonly admission: Admission
  /** An agent has logged in; its connection waits to be served. Must not throw. */
  readonly onArrived: (connection: Connection, address: string) => void
  readonly answerPlain: AnswerPlain
  readonly maxConcurrentHandshakes: number
  readonly maxRequestBytes: number
  readonly trustedProxies: readonly IpNetwork[]
  /** Bounds all connections. */
  readonly descriptors: Pick<DescriptorBudget, 'take' | 'give'>
  /** Told of everybody who is turned away. */
  readonly counts: Pick<LinkCounts, 'refused'>
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

/** What is told about a port that cannot be had. */
export const AGENTS_PORT = { whom: 'agents', setting: '[server] address' }

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

/** Who is let in, with where it came from. */
type Admitted = Extract<Judgement, { outcome: 'admitted' }> & { readonly address: string }

const UPGRADE_FAULTS = { malformed: BAD_UPGRADE, 'wrong-method': WRONG_METHOD } as const

/** Accepts agents: HTTP, WebSocket, SSH, login. Then they are `onArrived`'s business. */
export function createAgentListener(deps: AgentListenerDeps): AgentListener {
  const { admission, counts, descriptors, log } = deps
  const slots = createHandshakeSlots({
    slots: deps.maxConcurrentHandshakes,
    slotMs: SLOT_MS,
    maxPending: MAX_PENDING,
    clock: deps.clock,
  })
  const stopping = new AbortController()
  const connections = new Set<Connection>()

  const onSocket = (socket: Socket) => {
    if (!admission.arrived(socket) || !descriptors.take()) {
      counts.refused('limit')
      socket.destroy()
      return
    }
    socket.once('close', descriptors.give)
  }

  const verifyFrom = (address: string, onRefused: () => void) => async (clientAuthId: string, password: string) => {
    const isRight = await admission.login(clientAuthId, password, address)
    if (!isRight) onRefused()
    return isRight
  }

  /** By itself, so that nothing of the handshake lives as long as the connection. */
  const take = (connection: Connection, address: string) => {
    connections.add(connection)
    void connection.closed.then(() => connections.delete(connection))
    deps.onArrived(connection, address)
  }

  const welcome = async (request: IncomingMessage, socket: Duplex, head: Buffer, caller: Admitted) => {
    const { address, origin, release } = caller
    const leave = await slots.enter(origin)
    if (!leave) {
      release()
      return refuse(socket, 'busy', BUSY)
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

  const refuse = (socket: Duplex, reason: LinkRefusal, answer: PlainAnswer) => {
    counts.refused(reason)
    writePlainAnswer(socket, answer)
  }

  const onUpgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A socket without an error listener would end the program.
    socket.on('error', () => socket.destroy())
    const address = callerOf(request, deps.trustedProxies)
    const verdict = judgeUpgrade(request)
    const isFaulty = verdict === 'malformed' || verdict === 'wrong-method'
    const fault = isFaulty ? UPGRADE_FAULTS[verdict] : faultOf(request, deps.maxRequestBytes)
    const isAgent = verdict === 'agent' && !fault
    const judgement = await admission.judge({ socket: request.socket, address, isAgent })
    if (judgement.outcome === 'banned') return refuse(socket, 'banned', BANNED)
    if (isAgent && judgement.outcome === 'limit') return refuse(socket, 'limit', BUSY)
    if (isAgent && judgement.outcome === 'admitted') return welcome(request, socket, head, { address, ...judgement })
    if (verdict !== 'agent') counts.refused('no-agent')
    writePlainAnswer(socket, fault ?? NOT_FOUND)
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
    (request, response) => deps.answerPlain(request, response, callerOf(request, deps.trustedProxies)),
  )
  server.maxConnections = MAX_SOCKETS
  server.on('connection', onSocket)
  server.on('upgrade', (request, socket, head) => {
    onUpgrade(request, socket, head).catch((error: unknown) => {
      socket.destroy()
      log.error({ error }, 'an arriving agent could not be judged')
    })
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  let stopped: Promise<void> | undefined
  const stopListening = () => {
    if (!server.listening) return
    stopped = new Promise((resolve) => server.close(() => resolve()))
  }

  return {
    start: () => listen(server, deps, log),
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

/** The true address of whoever sends a request: a trusted proxy is believed what it says. */
export function callerOf({ headers, socket }: IncomingMessage, trustedProxies: readonly IpNetwork[]): string {
  const forwarded = headers['x-forwarded-for']
  const header = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
  return callerAddress(socket.remoteAddress ?? '', header, trustedProxies)
}

async function listen(
  server: Server,
  { listen: { host, port }, isShared = false }: Pick<AgentListenerDeps, 'listen' | 'isShared'>,
  log: Logger,
): Promise<{ host: string; port: number }> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, backlog: BACKLOG, reusePort: isShared, ...(host === '' ? {} : { host }) }, () => {
        server.removeListener('error', reject)
        resolve()
      })
    })
  } catch (error) {
    throw listenFault(AGENTS_PORT, { host, port }, error)
  }
  // Only accept() fails from here on, for want of descriptors: the listener stays.
  server.on('error', (error) => log.error({ error: errorMessage(error) }, 'cannot accept agents'))
  const bound = server.address() as AddressInfo
  return { host: bound.address, port: bound.port }
}
