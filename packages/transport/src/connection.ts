import type { Channel, ChannelOpen } from './channel.ts'

/** The answer to a request: success carries JSON (or nothing), failure carries a text. See wire-protocol, section 3. */
export interface RequestReply {
  readonly ok: boolean
  readonly payload: Buffer
}

export interface RequestOptions {
  /** The reply must be here within this time, in milliseconds; else the request fails with `timed-out`. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Why a connection ended. `code` is for decisions, `text` for people. */
export interface CloseReason {
  readonly code: 'local' | 'peer' | 'network' | 'protocol' | 'silent' | 'handshake' | 'auth' | 'fingerprint'
  readonly text: string
}

/** What the owner of a connection answers. Nothing is delivered before `serve` was called. */
export interface ConnectionHandlers {
  /**
   * A named question or message of the peer. Called in order of arrival; replies go out in that order, too.
   * The payload may be kept. A rejected promise is answered with an empty failure and logged by the connection.
   */
  onRequest(name: string, payload: Buffer, wantReply: boolean): RequestReply | Promise<RequestReply>
  /** The peer wants a channel: call `accept` or `reject` once, now or later. */
  onChannel(open: ChannelOpen): void
}

/** The live, authenticated link between one agent and one server. */
export interface Connection {
  readonly role: 'server' | 'agent'
  /** Client auth id that was proved at login. */
  readonly user: string
  /** Identification line of the peer, without line end; printable ASCII only, 255 characters at most. */
  readonly peerIdent: string
  /** Address of the TCP peer; forwarded addresses are the listener's business. */
  readonly remoteAddress: string
  /** Monotonic milliseconds at which bytes of the peer arrived last. */
  readonly lastReceivedAt: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly isClosed: boolean
  /** The peer has announced itself as one of this product: it keeps what an agent of the first release never promised. */
  readonly isOurs: boolean
  /** Settles when the connection is over, for whatever reason; never rejects. */
  readonly closed: Promise<CloseReason>

  /** Starts delivery of everything the peer sends, answers to our own requests included. Called once, first of all. */
  serve(handlers: ConnectionHandlers): void
  /**
   * Asks the peer. Rejects with TransportError (`timed-out`, `closed`, `too-many-requests`) or the signal's reason.
   * @param payload  JSON text or bytes, raw to the end of the packet; 256 KiB at most
   */
  request(name: string, payload: string | Buffer, options: RequestOptions): Promise<RequestReply>
  /** Tells the peer without expecting an answer. Nothing happens on a closed connection. @throws TransportError(too-large) */
  notify(name: string, payload: string | Buffer): void
  /**
   * Opens a channel of `type`; `data` is raw to the end of the packet.
   * Rejects with ChannelRefused (reason and text of the peer), TransportError or the signal's reason.
   */
  openChannel(type: string, data: string | Buffer, options: RequestOptions): Promise<Channel>
  /**
   * Opens a channel without waiting for the peer's consent: it is there at once, and what is sent on it too early is dropped by
   * a peer that refuses, or has not answered within `timeoutMs`; it then closes with a `refusal`.
   * @returns undefined where the peer takes no data before its consent, or no channel can be opened now: ask `openChannel`
   */
  openEarly(type: string, data: Buffer, options: { readonly timeoutMs: number }): Channel | undefined
  /**
   * Asks for a sign of life below all requests: whoever understands it answers at once, whatever else it is busy with, and
   * `lastReceivedAt` moves. For our own peers; it is no heartbeat of a client.
   */
  probe(): void
  /** Between our own peers, which makes the peer one of ours: the two that pass half-closed streams on, may skip what only protects browsers, and take early data. */
  announcePeerFeatures(features: { halfClose: boolean; zeroMask: boolean; earlyData?: boolean }): void
  /** Ends the connection at once; channels and unanswered requests fail. Idempotent. */
  close(reason?: string): void
}
