import { type Clock, type Logger, systemClock, type Timer } from '@rport/kit'
import type { Channel, Lease } from '../channel.ts'
import type { CloseReason, Connection, ConnectionHandlers, RequestOptions, RequestReply } from '../connection.ts'
import { TransportError } from '../errors.ts'
import type { ByteLink } from '../link.ts'
import type { AlgorithmChoice } from './algorithms/negotiate.ts'
import { ChannelBook } from './channel-book.ts'
import type { TransportRole } from './key-agreement.ts'
import { DEFAULT_LIMITS, type SshLimits } from './limits.ts'
import { decodeDisconnect, encodeDisconnect } from './messages/disconnect.ts'
import { encodeGlobalRequest } from './messages/global-request.ts'
import { DISCONNECT, MSG } from './messages/numbers.ts'
import { MAX_REQUEST_BYTES, PeerRequests } from './peer-requests.ts'
import { OpenRequests } from './requests.ts'
import { TransportLayer } from './transport-layer.ts'
import type { AuthHost, UserAuth } from './user-auth.ts'

export interface SessionOptions {
  readonly transport: TransportRole
  /** Login: of a server that judges, or of a client that proves. */
  readonly auth: (session: AuthHost) => UserAuth
  readonly ident: string
  readonly log: Logger
  readonly clock?: Clock
  readonly limits?: Partial<SshLimits>
  readonly algorithms?: AlgorithmChoice
}

/** Type-specific rest of a channel open message. */
const MAX_OPEN_DATA_BYTES = 64 * 1024
/** So much that the peer has caused and not read stops us from reading more of that peer. */
const STOP_READING_BYTES = 1024 * 1024

/** byte 192 | string data: answered with 193 by the peer's transport (OpenSSH PROTOCOL 1.9, wire-protocol 2.2) */
const PROBE = Buffer.from([MSG.PING, 0, 0, 0, 0])

/** One SSH connection over one link, in either role. Create it, `start` it, wait for `authenticated`, then `serve`. */
export class SshSession implements Connection {
  readonly role: 'server' | 'agent'
  readonly remoteAddress: string
  readonly closed: Promise<CloseReason>
  /** Settles with the user's name when login is over; rejects with a TransportError. */
  readonly authenticated: Promise<string>
  readonly #link: ByteLink
  readonly #log: Logger
  readonly #clock: Clock
  readonly #limits: SshLimits
  readonly #layer: TransportLayer
  readonly #channels: ChannelBook
  readonly #requests: OpenRequests
  readonly #peerRequests: PeerRequests
  /** Until login is over: what judged it may hold much that an idle connection has no use for. */
  #auth: UserAuth | undefined
  #handlers: ConnectionHandlers | undefined
  /** Bytes of the queue towards the peer that answer what it has sent. */
  #causedBytes = 0
  #isAuthenticated = false
  #reason: CloseReason | undefined
  #settleClosed: (reason: CloseReason) => void = () => undefined
  #settleAuthenticated: (outcome: string | Error) => void = () => undefined
  #handshakeTimer: Timer | undefined
  user = ''
  isOurs = false
  lastReceivedAt: number

  constructor(link: ByteLink, options: SessionOptions) {
    this.role = options.transport.name === 'server' ? 'server' : 'agent'
    this.remoteAddress = link.remoteAddress
    this.#link = link
    this.#log = options.log
    this.#clock = options.clock ?? systemClock
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.lastReceivedAt = this.#clock.monotonic()
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
    this.authenticated = new Promise((resolve, reject) => {
      this.#settleAuthenticated = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))
    })
    // Whoever is not interested in the login learns of its end by `closed`.
    this.authenticated.catch(() => undefined)
    this.#layer = new TransportLayer(link, this.#transportUser(), {
      role: options.transport,
      limits: this.#limits,
      clock: this.#clock,
      ident: options.ident,
      ...(options.algorithms ? { algorithms: options.algorithms } : {}),
    })
    this.#channels = new ChannelBook({
      carrier: this.#layer,
      limits: this.#limits,
      clock: this.#clock,
      log: options.log,
      onOpen: (open) => this.#handlers?.onChannel(open),
    })
    this.#requests = new OpenRequests(this.#clock, {
      sent: this.#limits.openRequests,
      waiting: this.#limits.waitingRequests,
    })
    this.#peerRequests = new PeerRequests({
      log: options.log,
      limit: this.#limits.unansweredRequests,
      send: (message) => this.#layer.send(message),
      onBusy: (isBusy) =>
        isBusy ? this.#layer.stop('requests are not dealt with') : this.#layer.resume('requests are not dealt with'),
    })
    this.#auth = options.auth(this.#authHost())
    link.onBytes = this.#onBytes
    link.onDrain = () => this.#onLinkDrain()
    link.onEnd = (error) =>
      this.#end(
        error ? { code: 'network', text: error.message } : { code: 'peer', text: 'the peer closed the connection' },
      )
  }

  get peerIdent(): string {
    return this.#layer.peerIdent
  }

  get bytesReceived(): number {
    return this.#layer.bytesReceived
  }

  get bytesSent(): number {
    return this.#layer.bytesSent
  }

  get isClosed(): boolean {
    return this.#reason !== undefined
  }

  /** Begins the handshake; it must be over within `handshakeTimeoutMs`. */
  start(): void {
    const { handshakeTimeoutMs } = this.#limits
    this.#handshakeTimer = this.#clock.setTimeout(
      () => this.#end({ code: 'handshake', text: `login not finished within ${handshakeTimeoutMs} ms` }),
      handshakeTimeoutMs,
      { background: true },
    )
    this.#layer.start()
    this.#link.resume()
  }

  serve(handlers: ConnectionHandlers): void {
    this.#handlers = handlers
    this.#peerRequests.handlers = handlers
    this.#layer.resume('nobody serves')
  }

  request(name: string, payload: string | Buffer, options: RequestOptions): Promise<RequestReply> {
    const refusal = this.#refusal(name, payload)
    if (refusal) return Promise.reject(refusal)
    if (options.signal?.aborted) return Promise.reject(options.signal.reason)
    if (this.#requests.isFull || this.#layer.queuedBytes > this.#limits.controlQueueBytes / 2) {
      return Promise.reject(
        new TransportError('too-many-requests', `${name}: the peer owes too many answers or does not read`),
      )
    }
    return this.#requests.add(name, options, () => this.#layer.send(encodeGlobalRequest(name, true, bytesOf(payload))))
  }

  notify(name: string, payload: string | Buffer): void {
    const refusal = this.#refusal(name, payload)
    if (!refusal) this.#layer.send(encodeGlobalRequest(name, false, bytesOf(payload)))
    else if (refusal.code !== 'closed') throw refusal
  }

  probe(): void {
    if (!this.isClosed) this.#layer.send(PROBE)
  }

  openChannel(type: string, data: string | Buffer, options: RequestOptions): Promise<Channel> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason)
    const bytes = bytesOf(data)
    if (bytes.length > MAX_OPEN_DATA_BYTES) {
      const text = `channel ${type}: ${bytes.length} bytes, at most ${MAX_OPEN_DATA_BYTES} can be sent with it`
      return Promise.reject(new TransportError('too-large', text))
    }
    return this.#channels.open(type, bytes, options)
  }

  openEarly(type: string, data: Buffer, options: { readonly timeoutMs: number }): Channel | undefined {
    return this.#channels.openEarly(type, data, options.timeoutMs)
  }

  announcePeerFeatures(features: { halfClose: boolean; zeroMask: boolean; earlyData?: boolean }): void {
    this.isOurs = true
    this.#channels.halfClose = features.halfClose
    this.#channels.earlyData = features.earlyData ?? false
    if (features.zeroMask) this.#link.useZeroMask()
  }

  /** Asks for new keys now; otherwise they come by volume. */
  rekey(): void {
    this.#layer.rekey()
  }

  close(reason = 'closed'): void {
    this.#end({ code: 'local', text: reason })
  }

  /** Ends the connection because the peer has been silent too long. */
  closeSilent(text: string): void {
    this.#end({ code: 'silent', text })
  }

  #refusal(name: string, payload: string | Buffer): TransportError | undefined {
    if (this.#reason) return new TransportError('closed', `connection is closed: ${this.#reason.text}`)
    const byteCount = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
    if (byteCount <= MAX_REQUEST_BYTES) return undefined
    return new TransportError(
      'too-large',
      `${name}: ${byteCount} bytes, at most ${MAX_REQUEST_BYTES} fit into one request`,
    )
  }

  #onBytes = (bytes: Buffer, lease: Lease): void => {
    this.lastReceivedAt = this.#clock.monotonic()
    const before = this.#layer.queuedBytes
    this.#layer.feed(bytes, lease)
    // A peer that asks and does not read its answers waits until it has read them. Only what it has caused counts: two peers
    // that have much to say to each other at once must not both stop listening.
    const growth = Math.max(0, this.#layer.queuedBytes - before)
    this.#causedBytes = Math.min(this.#causedBytes, before) + growth
    // While keys are exchanged we must go on reading: what waits then is bounded by `controlQueueBytes`.
    if (this.#causedBytes > STOP_READING_BYTES && this.#layer.canSendData) this.#layer.stop('answers are not read')
  }

  #onLinkDrain(): void {
    this.#causedBytes = 0
    this.#channels.layOut()
    this.#layer.flush()
    this.#layer.resume('answers are not read')
  }

  #transportUser() {
    return {
      onReady: () => this.#auth?.start(),
      onRoom: () => this.#channels.layOut(),
      hasWaiting: () => this.#channels.hasWaiting,
      onFailure: (error: Error) => this.#fail(error),
      onMessage: (payload: Buffer, lease: Lease, sequence: number) => this.#onMessage(payload, lease, sequence),
    }
  }

  #authHost(): AuthHost {
    return {
      send: (payload) => this.#layer.send(payload),
      stop: () => this.#layer.stop('password is judged'),
      resume: () => this.#layer.resume('password is judged'),
      fail: (error) => this.#fail(error),
      authenticated: (user) => {
        this.user = user
        this.#isAuthenticated = true
        this.#auth = undefined
        this.#handshakeTimer?.cancel()
        this.#handshakeTimer = undefined
        this.#layer.loggedIn()
        // Nothing is handed up before the owner has said who deals with it.
        if (!this.#handlers) this.#layer.stop('nobody serves')
        this.#settleAuthenticated(user)
      },
    }
  }

  #onMessage(payload: Buffer, lease: Lease, sequence: number): void {
    const type = payload[0] ?? 0
    if (type === MSG.DISCONNECT) {
      const { description } = decodeDisconnect(payload)
      this.#end({ code: 'peer', text: `the peer disconnected: ${JSON.stringify(description)}` })
      return
    }
    if (!this.#isAuthenticated) {
      this.#auth?.receive(type, payload)
      return
    }
    if ((type >= MSG.CHANNEL_OPEN && type <= MSG.CHANNEL_FAILURE) || type === MSG.EARLY_DATA) {
      this.#channels.receive(type, payload, lease)
      return
    }
    if (type === MSG.GLOBAL_REQUEST) this.#peerRequests.receive(payload)
    else if (type === MSG.REQUEST_SUCCESS || type === MSG.REQUEST_FAILURE) {
      this.#requests.receive({ ok: type === MSG.REQUEST_SUCCESS, payload: Buffer.from(payload.subarray(1)) })
    } else if (type >= MSG.SERVICE_REQUEST && type <= MSG.SERVICE_ACCEPT) {
      throw new TransportError('protocol-error', 'service asked for twice')
    } else if (type < MSG.USERAUTH_REQUEST || type > MSG.USERAUTH_BANNER) this.#layer.sendUnimplemented(sequence)
    // Login messages after login are silently dropped: RFC 4252 section 5.1.
  }

  #fail(error: Error): void {
    if (!(error instanceof TransportError)) this.#log.error({ err: error }, 'connection ended by a fault of our own')
    const code = error instanceof TransportError ? error.code : 'protocol-error'
    if (code === 'fingerprint-mismatch') this.#end({ code: 'fingerprint', text: error.message }, error)
    else if (code === 'auth-refused') this.#end({ code: 'auth', text: error.message }, error)
    else if (code === 'handshake-failed') this.#end({ code: 'handshake', text: error.message }, error)
    else this.#end({ code: 'protocol', text: error.message }, error)
  }

  #end(reason: CloseReason, error?: Error): void {
    if (this.#reason) return
    this.#reason = reason
    this.#handshakeTimer?.cancel()
    if (reason.code === 'protocol') this.#sayGoodbye(DISCONNECT.PROTOCOL_ERROR, 'protocol error')
    // What was said before the end is still to be read: an answer, a notice. Agents leave without a word, as the original's do.
    if (reason.code === 'local' && this.role === 'agent') this.#layer.flush()
    if (reason.code === 'local' && this.role === 'server') this.#sayGoodbye(DISCONNECT.BY_APPLICATION, reason.text)
    if (reason.code === 'auth' && this.role === 'server') this.#sayGoodbye(DISCONNECT.NO_MORE_AUTH_METHODS, reason.text)
    this.#layer.close()
    this.#link.destroy()
    const failure = error ?? new TransportError('closed', `connection is closed: ${reason.text}`)
    this.#settleAuthenticated(
      failure instanceof TransportError ? failure : new TransportError('closed', failure.message),
    )
    this.#requests.failAll(new TransportError('closed', `connection is closed: ${reason.text}`))
    this.#channels.connectionLost(new TransportError('closed', `connection is closed: ${reason.text}`))
    this.#settleClosed(reason)
  }

  #sayGoodbye(code: number, text: string): void {
    this.#layer.send(encodeDisconnect(code, text))
    this.#layer.flush()
  }
}

const bytesOf = (payload: string | Buffer): Buffer =>
  typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload
