import type { Lease } from './channel.ts'

/** Bytes in front of every region handed to `ByteLink.write` that the link may overwrite with a header of its own. */
export const LINK_HEADROOM_BYTES = 14

/** The byte stream that SSH runs on. Message boundaries below it carry no meaning. Owned and closed by the session. */
export interface ByteLink {
  readonly remoteAddress: string
  /** Bytes accepted by `write` that have not left yet. */
  readonly queuedBytes: number
  /**
   * Sends `slab[from, to)`. Up to LINK_HEADROOM_BYTES before `from`, and the region itself, may be changed.
   * `done` is called exactly once, when the bytes have left or never will; then the slab may be used again.
   */
  write(slab: Buffer, from: number, to: number, done: () => void): void
  /** Stops and restarts the arrival of bytes; a little may still arrive after a stop. */
  pause(): void
  resume(): void
  /** Ends the link at once. `onEnd` is still called, once. */
  destroy(): void

  /** Bytes of the peer, valid until the callback returns unless leased. May be changed by the receiver. */
  onBytes: (bytes: Buffer, lease: Lease) => void
  /** What was queued has left. */
  onDrain: () => void
  /** The link is over. */
  onEnd: (error: Error | undefined) => void
  /** Our own peers only: masks that protect nothing here may be left out. */
  useZeroMask(): void
}
