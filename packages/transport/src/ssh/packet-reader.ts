import type { Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import { BufferPool, type LeasedBuffer, OWNED_BYTES } from '../lease.ts'
import type { Opener } from './algorithms/cipher.ts'
import { plainOpener } from './algorithms/plain-cipher.ts'

const MIN_PADDING_BYTES = 4
/** byte padding length | one byte of payload | four of padding */
const MIN_PACKET_BYTES = 1 + 1 + MIN_PADDING_BYTES
/** A stopped link delivers what it has read already: a socket's buffer or two, or a TLS record; never this much. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024

/** Packets that two reads have brought are joined here: the largest that our own peers send fits. 64 of them are 2.25 MiB. */
const PARTS = new BufferPool(36 * 1024, 64)

/**
 * Cuts a byte stream into packets and opens them. Pieces may end anywhere. No length is believed before it has been checked
 * against `maxPacketBytes`, and no more is allocated than the packet that is announced.
 */
export class PacketReader {
  readonly #onPacket: (payload: Buffer, lease: Lease, sequence: number) => void
  #opener: Opener = plainOpener
  #sequence = 0
  /** The packet that has not arrived whole. */
  #part: Buffer | undefined
  /** Where `#part` is from, if it is a large one. */
  #partBuffer: LeasedBuffer | undefined
  #partBytes = 0
  /** Whole size of that packet; 0 while its head is not there. */
  #partTotal = 0
  #partLength = 0
  #stopped = false
  #isClosed = false
  /** Bytes that arrived while stopped. */
  #backlog: Buffer[] = []
  #backlogBytes = 0
  maxPacketBytes: number
  bytesSinceKeys = 0
  packetsSinceKeys = 0

  constructor(maxPacketBytes: number, onPacket: (payload: Buffer, lease: Lease, sequence: number) => void) {
    this.maxPacketBytes = maxPacketBytes
    this.#onPacket = onPacket
  }

  get isStopped(): boolean {
    return this.#stopped
  }

  /** Takes the next bytes of the stream; calls `onPacket` for every packet that is whole. */
  feed(bytes: Buffer, lease: Lease): void {
    let at = 0
    while (at < bytes.length && !this.#isClosed) {
      if (this.#stopped) {
        this.#keep(bytes.subarray(at))
        return
      }
      at = this.#part ? this.#continuePart(bytes, at) : this.#take(bytes, at, lease)
    }
  }

  /** Bytes are kept, unopened, until `start`. The caller also stops the source, so that little can pile up. */
  stop(): void {
    this.#stopped = true
  }

  start(): void {
    this.#stopped = false
    if (this.#backlogBytes === 0) return
    const kept = Buffer.concat(this.#backlog, this.#backlogBytes)
    this.#backlog = []
    this.#backlogBytes = 0
    this.feed(kept, OWNED_BYTES)
  }

  /** Nothing is opened or handed up any more, the rest of the piece under way included. */
  close(): void {
    this.#isClosed = true
    this.#backlog = []
    this.#backlogBytes = 0
    this.#part = undefined
    this.#partBuffer?.release()
    this.#partBuffer = undefined
  }

  #keep(bytes: Buffer): void {
    this.#backlogBytes += bytes.length
    if (this.#backlogBytes > MAX_BACKLOG_BYTES) {
      throw new TransportError('protocol-error', `${this.#backlogBytes} bytes arrived while the link was stopped`)
    }
    this.#backlog.push(Buffer.from(bytes))
  }

  /** From the next packet on. */
  setOpener(opener: Opener, resetSequence: boolean): void {
    this.#opener = opener
    this.bytesSinceKeys = 0
    this.packetsSinceKeys = 0
    if (resetSequence) this.#sequence = 0
  }

  #take(bytes: Buffer, at: number, lease: Lease): number {
    const left = bytes.length - at
    if (left < this.#opener.headBytes) {
      this.#part = Buffer.allocUnsafe(this.#opener.headBytes)
      bytes.copy(this.#part, 0, at)
      this.#partBytes = left
      this.#partTotal = 0
      return bytes.length
    }
    const length = this.#checkedLength(bytes, at)
    const total = 4 + length + this.#opener.tagBytes
    if (left < total) {
      this.#startPart(bytes, at, left, length, total)
      return bytes.length
    }
    this.#open(bytes, at, length, lease)
    return at + total
  }

  #startPart(bytes: Buffer, at: number, byteCount: number, length: number, total: number): void {
    const isPooled = total > Buffer.poolSize / 2 && total <= PARTS.bufferBytes
    this.#partBuffer = isPooled ? PARTS.take() : undefined
    this.#part = this.#partBuffer?.bytes ?? Buffer.allocUnsafe(total)
    bytes.copy(this.#part, 0, at, at + byteCount)
    this.#partBytes = byteCount
    this.#partLength = length
    this.#partTotal = total
  }

  #continuePart(bytes: Buffer, at: number): number {
    const part = this.#part
    if (!part) return at
    const wanted = (this.#partTotal === 0 ? part.length : this.#partTotal) - this.#partBytes
    const taken = Math.min(wanted, bytes.length - at)
    bytes.copy(part, this.#partBytes, at, at + taken)
    this.#partBytes += taken
    if (taken < wanted) return at + taken
    if (this.#partTotal === 0) {
      const length = this.#checkedLength(part, 0)
      this.#startPart(part, 0, part.length, length, 4 + length + this.#opener.tagBytes)
      if (this.#partBytes < this.#partTotal) return at + taken
    }
    const whole = this.#part ?? part
    const buffer = this.#partBuffer
    this.#part = undefined
    this.#partBuffer = undefined
    this.#open(whole, 0, this.#partLength, buffer ?? OWNED_BYTES)
    buffer?.release()
    return at + taken
  }

  #checkedLength(bytes: Buffer, at: number): number {
    const opener = this.#opener
    const length = opener.packetLength(bytes, at, this.#sequence)
    const padded = opener.lengthApart ? length : length + 4
    if (length < MIN_PACKET_BYTES || length > this.maxPacketBytes || padded % opener.blockBytes !== 0) {
      throw new TransportError('protocol-error', `packet of ${length} bytes, at most ${this.maxPacketBytes} allowed`)
    }
    return length
  }

  #open(bytes: Buffer, at: number, length: number, lease: Lease): void {
    const sequence = this.#sequence
    if (!this.#opener.open(bytes, at, length, sequence)) {
      throw new TransportError('protocol-error', 'packet with a wrong tag')
    }
    const padding = bytes[at + 4] ?? 0
    if (padding < MIN_PADDING_BYTES || padding + 2 > length) {
      throw new TransportError('protocol-error', `packet of ${length} bytes with ${padding} bytes of padding`)
    }
    this.#sequence = (sequence + 1) >>> 0
    this.packetsSinceKeys += 1
    this.bytesSinceKeys += length
    this.#onPacket(bytes.subarray(at + 5, at + 4 + length - padding), lease, sequence)
  }
}
