import { type Clock, errorMessage, type Logger, type Timer } from '@rport/kit'
import {
  type Capabilities,
  type ConnectionRequest,
  DecodeError,
  features,
  newConnection,
  putCapabilities,
  type RemoteRecord,
  UNKNOWN_REQUEST,
} from '@rport/protocol'
import type { ChannelOpen, Connection, RequestReply } from '@rport/transport'

/** One login of an agent, as those who decide about it see it. */
export interface ArrivedAgent {
  readonly connection: Connection
  /** The credential that was proved. */
  readonly clientAuthId: string
  /** Address of the agent, without port. */
  readonly address: string
}

/** What the listener is told to do with agents; the features behind it are compose.ts's business. */
export interface AgentDuties {
  /** The agent asks to be registered. Never rejects. */
  onConnected(
    agent: ArrivedAgent,
    request: ConnectionRequest,
  ): Promise<
    | { readonly ok: true; readonly clientId: string; readonly reply: readonly RemoteRecord[] | null }
    | { readonly ok: false; readonly text: string }
  >
  /** Any later request, and a ping before registration is over. Never rejects. */
  onRequest(agent: ArrivedAgent, name: string, payload: Buffer): Promise<RequestReply>
  /** The agent is registered, and whether it is one of ours. */
  onRegistered(agent: ArrivedAgent, isOurs: boolean): void
  /** The connection is over; called exactly once for each. Never rejects. */
  onClosed(agent: ArrivedAgent): Promise<void>
}

export interface GreetingDeps {
  readonly duties: AgentDuties
  readonly capabilities: Capabilities
  /** `max_request_bytes_client` */
  readonly maxRequestBytes: number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Agents in the field sleep up to ten seconds between login and registration (wire-protocol 7.1); the original waits five
 * minutes. One that says nothing for so long holds a socket for nothing.
 */
const REGISTRATION_DEADLINE_MS = 120_000
/** A refused agent gets this long to read why; agents in the field often leave such a connection open (trap 23). */
const REFUSAL_READ_MS = 1000

/** Sees an agent from its login to its registration and answers it from then on. Owns the connection. */
export function greetAgent(agent: ArrivedAgent, deps: GreetingDeps): void {
  const { connection } = agent
  const { duties, clock, log } = deps
  let state: 'arrived' | 'registering' | 'registered' | 'refused' = 'arrived'
  let deadline: Timer | undefined = clock.setTimeout(
    () => connection.close('no registration after login'),
    REGISTRATION_DEADLINE_MS,
    { background: true },
  )

  const endDeadline = () => {
    deadline?.cancel()
    deadline = undefined
  }

  const refuse = (text: string): RequestReply => {
    state = 'refused'
    clock.setTimeout(() => connection.close(`registration refused: ${text}`), REFUSAL_READ_MS, { background: true })
    return failure(text)
  }

  const register = async (payload: Buffer): Promise<RequestReply> => {
    state = 'registering'
    endDeadline()
    const request = decode(payload, deps.maxRequestBytes)
    if (typeof request === 'string') {
      log.info(
        { clientAuthId: agent.clientAuthId, address: agent.address, reason: request },
        'registration not understood',
      )
      return refuse(request)
    }
    const isOurs = request.features.length > 0
    if (isOurs) {
      connection.announcePeerFeatures({
        halfClose: request.features.includes(features.halfClose),
        zeroMask: request.features.includes(features.zeroMask),
        earlyData: request.features.includes(features.earlyData),
      })
    }
    const outcome = await duties.onConnected(agent, request)
    if (!outcome.ok) return refuse(outcome.text)
    state = 'registered'
    // Right behind the reply, which leaves with the end of this turn (wire-protocol 0, row 8).
    setImmediate(() => connection.notify(putCapabilities.name, putCapabilities.ask.encode(deps.capabilities)))
    duties.onRegistered(agent, isOurs)
    return { ok: true, payload: Buffer.from(newConnection.answer.encode(outcome.reply as RemoteRecord[] | null)) }
  }

  void connection.closed.then(async (reason) => {
    endDeadline()
    log.debug({ clientAuthId: agent.clientAuthId, address: agent.address, reason: reason.text }, 'connection ended')
    await duties.onClosed(agent)
  })

  connection.serve({
    onRequest(name, payload) {
      if (payload.length > deps.maxRequestBytes) return failure(tooLarge(name, payload.length, deps.maxRequestBytes))
      if (name === newConnection.name && state === 'arrived') return register(payload)
      if (state === 'refused') return failure('this connection was refused. please reconnect')
      if (state === 'arrived' && name !== 'ping') return failure(UNKNOWN_REQUEST)
      return duties.onRequest(agent, name, payload)
    },
    onChannel: refuseChannels,
  })
}

/** The original connects to wherever an agent asks and serves every file over SFTP: neither is copied (trap 43). */
export const refuseChannels = (open: ChannelOpen): void =>
  open.reject('unknown-type', `channels of type ${open.type.slice(0, 64)} are not served`)

function decode(payload: Buffer, maxBytes: number): ConnectionRequest | string {
  if (payload.length > maxBytes) return tooLarge(newConnection.name, payload.length, maxBytes)
  try {
    return newConnection.ask.decode(payload.toString('utf8'))
  } catch (error) {
    if (error instanceof DecodeError) return `${newConnection.name}: ${error.message}`
    return `${newConnection.name}: not readable: ${errorMessage(error).slice(0, 200)}`
  }
}

const tooLarge = (name: string, byteCount: number, maxBytes: number): string =>
  `${name.slice(0, 64)}: ${byteCount} bytes, at most ${maxBytes} allowed (server.max_request_bytes_client)`

const failure = (text: string): RequestReply => ({ ok: false, payload: Buffer.from(text) })
