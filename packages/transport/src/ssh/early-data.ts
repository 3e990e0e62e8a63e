import { ByteRow } from '../byte-row.ts'
import type { Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import { OWNED_BYTES } from '../lease.ts'
import type { SshChannel } from './ssh-channel.ts'

/** What may follow one open before it is confirmed: never more than the smallest window that a channel begins with. */
export const EARLY_BYTES = 64 * 1024
/** The same for all unconfirmed channels of a connection. */
const EARLY_CONNECTION_BYTES = 1024 * 1024

/** How much may be sent early on one more channel, when `opening` others wait for their confirmation. */
export const earlyAllowance = (opening: number): number =>
  (opening + 1) * EARLY_BYTES <= EARLY_CONNECTION_BYTES ? EARLY_BYTES : 0

interface Entry {
  channel: SshChannel | undefined
  /** What came before somebody decided about the channel. */
  readonly kept: ByteRow
}

/**
 * Data that follows an open at once (feature `early-data`), on the side that decides. It goes by the opener's number, because
 * ours is not known to it yet. What was sent for a channel that is refused is dropped, and for one that nobody knows, too:
 * it was on its way when the refusal was.
 */
export class EarlyData {
  readonly #entries = new Map<number, Entry>()
  #keptBytes = 0

  /** The peer asks for a channel. */
  expect(senderId: number): void {
    this.drop(senderId)
    this.#entries.set(senderId, { channel: undefined, kept: new ByteRow() })
  }

  /** @throws TransportError when the peer sends more than it may before we have decided */
  receive(senderId: number, bytes: Buffer, lease: Lease): void {
    const entry = this.#entries.get(senderId)
    if (!entry) return
    if (entry.channel) {
      entry.channel.receiveData(bytes, lease)
      return
    }
    this.#keptBytes += bytes.length
    entry.kept.push(bytes)
    if (entry.kept.byteCount > EARLY_BYTES || this.#keptBytes > EARLY_CONNECTION_BYTES) {
      throw new TransportError('protocol-error', 'more early data than a channel may have before it is confirmed')
    }
  }

  /** Something came, and so little that its sender hardly waits for leave to send more. */
  hasAllBySize(senderId: number): boolean {
    const byteCount = this.#entries.get(senderId)?.kept.byteCount ?? 0
    return byteCount > 0 && byteCount < EARLY_BYTES / 2
  }

  /** The channel is wanted: what came for it is its first data. */
  accept(senderId: number, channel: SshChannel): void {
    const entry = this.#entries.get(senderId)
    if (!entry) return
    entry.channel = channel
    this.#keptBytes -= entry.kept.byteCount
    for (let piece = entry.kept.shift(); piece; piece = entry.kept.shift()) channel.receiveData(piece, OWNED_BYTES)
  }

  /** The channel is refused. */
  drop(senderId: number): void {
    const entry = this.#entries.get(senderId)
    if (!entry) return
    this.#keptBytes -= entry.kept.byteCount
    this.#entries.delete(senderId)
  }

  /** The channel is over. Its number may belong to another one by now. */
  forget(channel: SshChannel): void {
    if (this.#entries.get(channel.remoteId)?.channel === channel) this.#entries.delete(channel.remoteId)
  }
}
