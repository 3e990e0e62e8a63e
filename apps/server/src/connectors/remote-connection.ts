import { type Clock, errorMessage } from '@rport/kit'
import {
  type Channel,
  type CloseReason,
  type Connection,
  type ConnectionHandlers,
  type KeepAlivePolicy,
  MAX_REQUEST_BYTES,
  type RequestOptions,
  type RequestReply,
  TransportError,
} from '@rport/transport'
import type { TunnelListener, TunnelWay } from '../visitors/index.ts'
import type { Line } from './line.ts'
import type { ArrivedFacts, ConnectorSays, MainSays } from './messages.ts'
import type { RemoteListeners } from './remote-listeners.ts'

export interface RemoteConnectionDeps {
  readonly line: Line<MainSays, ConnectorSays>
  readonly listeners: RemoteListeners
  readonly clock: Clock
}

/**
 * The connection of an agent that is in a connector, as the main process sees it. Everything that it does is a message. Channels are
 * opened only where the connection is: tunnels ask it to listen instead.
 */
export class RemoteConnection implements Connection {
  readonly role = 'server'
  readonly user: string
  readonly peerIdent: string
  readonly remoteAddress: string
  readonly closed: Promise<CloseReason>
  readonly #agent: number
  readonly #line: Line<MainSays, ConnectorSays>
  readonly #listeners: RemoteListeners
  readonly #clock: Clock
  #handlers: ConnectionHandlers | undefined
  #onAlive: (() => void) | undefined
  #reason: CloseReason | undefined
  #settleClosed: (reason: CloseReason) => void = () => undefined
  isOurs = false
  lastReceivedAt: number
  bytesReceived = 0
  bytesSent = 0

  constructor({ agent, user, peerIdent, remoteAddress }: ArrivedFacts, deps: RemoteConnectionDeps) {
    this.#agent = agent
    this.user = user
    this.peerIdent = peerIdent
    this.remoteAddress = remoteAddress
    this.#line = deps.line
    this.#listeners = deps.listeners
    this.#clock = deps.clock
    this.lastReceivedAt = deps.clock.monotonic()
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
  }

  get isClosed(): boolean {
    return this.#reason !== undefined
  }

  serve(handlers: ConnectionHandlers): void {
    this.#handlers = handlers
    this.#line.tell('serve', { agent: this.#agent })
  }

  async request(name: string, payload: string | Buffer, { timeoutMs, signal }: RequestOptions): Promise<RequestReply> {
    const bytes = this.#requireSendable(name, payload)
    const reply = await this.#line.ask('request', { agent: this.#agent, name, payload: bytes, timeoutMs }, signal)
    return { ok: reply.ok, payload: Buffer.from(reply.payload) }
  }

  notify(name: string, payload: string | Buffer): void {
    if (this.isClosed) return
    this.#line.tell('notify', { agent: this.#agent, name, payload: this.#requireSendable(name, payload) })
  }

  openChannel(type: string): Promise<Channel> {
    const text = `channel ${type}: the connection is in another process, which opens its channels itself`
    return Promise.reject(new TransportError('closed', text))
  }

  openEarly(): undefined {
    return undefined
  }

  probe(): void {
    if (!this.isClosed) this.#line.tell('probe', { agent: this.#agent })
  }

  announcePeerFeatures(features: { halfClose: boolean; zeroMask: boolean; earlyData?: boolean }): void {
    this.isOurs = true
    const { halfClose, zeroMask, earlyData = false } = features
    this.#line.tell('features', { agent: this.#agent, halfClose, zeroMask, earlyData })
  }

  close(reason = 'closed'): void {
    if (this.isClosed) return
    this.#line.tell('end', { agent: this.#agent, reason })
    this.hasEnded({ code: 'local', text: reason })
  }

  /** Has the connector watch the link. */
  watch(policy: KeepAlivePolicy, onAlive: (() => void) | undefined): void {
    this.#onAlive = onAlive
    this.#line.tell('watch', { agent: this.#agent, policy, wantsAlive: onAlive !== undefined })
  }

  /** Has the connector listen for visitors of a tunnel through this agent. @throws as OpenTunnelListener */
  listen(way: TunnelWay): Promise<TunnelListener> {
    return this.#listeners.open(this.#agent, way)
  }

  /** The agent asks. */
  async receive(name: string, payload: Buffer, wantReply: boolean): Promise<RequestReply> {
    this.lastReceivedAt = this.#clock.monotonic()
    if (!this.#handlers) throw new Error('nobody serves')
    return this.#handlers.onRequest(name, payload, wantReply)
  }

  /** The agent has answered a ping. */
  isAlive(): void {
    this.lastReceivedAt = this.#clock.monotonic()
    this.#onAlive?.()
  }

  hasMoved(receivedBytes: number, sentBytes: number): void {
    this.bytesReceived = receivedBytes
    this.bytesSent = sentBytes
  }

  /** The connection is over, or the process that had it. */
  hasEnded(reason: CloseReason): void {
    if (this.#reason) return
    this.#reason = reason
    this.#settleClosed(reason)
  }

  #requireSendable(name: string, payload: string | Buffer): Buffer {
    if (this.#reason) throw new TransportError('closed', `connection is closed: ${this.#reason.text}`)
    const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload
    if (bytes.length <= MAX_REQUEST_BYTES) return bytes
    const text = `${name}: ${bytes.length} bytes, at most ${MAX_REQUEST_BYTES} fit into one request`
    throw new TransportError('too-large', text)
  }
}

/** The connection's own side of an interface that every connection of a server with connectors has. */
export function remote(connection: Connection): RemoteConnection {
  if (connection instanceof RemoteConnection) return connection
  throw new Error(`a connection of ${errorMessage(connection.user)} is in the main process`)
}
