/** Keeps bytes as they are until it is released, once. */
export interface Hold {
  release(): void
}

/** Says how long bytes stay as they are: until the callback that delivered them returns, and as long as somebody holds them. */
export interface Lease {
  hold(): Hold
}

/**
 * A byte stream inside a connection. Callbacks are plain properties: the data path makes no closures per packet.
 * What arrives before they are set is kept, one window at most, and told in order right after `onData` is set: bytes, end, close.
 * So an owner may confirm first and dial afterwards. An owner that sets `onClose` only hears of the close and gets no bytes.
 */
export interface Channel {
  readonly type: string
  readonly isOpen: boolean
  /** Why a channel that was opened early never came to be; known when it closes. */
  readonly refusal?: Error | undefined
  /** Bytes received and sent so far. */
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Bytes handed to `send` that have not left for the link yet. */
  readonly queuedBytes: number

  /**
   * Sends `bytes`, at once where there is room. Those that must wait are held by the lease; without one they must not be
   * changed until they have left (see `onDrain`).
   * @returns false when the caller should stop until `onDrain`
   */
  send(bytes: Buffer, lease?: Lease): boolean
  /** No more bytes will be sent. Towards peers without half-close this ends the channel once everything has left. */
  sendEof(): void
  /** Says that `byteCount` received bytes have been dealt with, so that the peer may send as many again. */
  consumed(byteCount: number): void
  /** Ends both directions after what is queued has left; `abort` drops it. Idempotent. */
  close(options?: { abort?: boolean }): void

  /** Received bytes, never none, valid until the callback returns unless leased. */
  onData: ((bytes: Buffer, lease: Lease) => void) | undefined
  /** Everything queued has left for the link. */
  onDrain: (() => void) | undefined
  /** The peer sends no more. */
  onEof: (() => void) | undefined
  /** Both directions are over; called exactly once. */
  onClose: (() => void) | undefined
}

/** A channel that the peer wants to open. */
export interface ChannelOpen {
  readonly type: string
  /** The type-specific rest of the open message, raw. At most 64 KiB. */
  readonly data: Buffer
  accept(): Channel
  reject(reason: ChannelRefusal, text: string): void
}

/** RFC 4254 section 5.1 */
export type ChannelRefusal = 'prohibited' | 'connect-failed' | 'unknown-type' | 'resource-shortage'
