import { type ByteLink, LINK_HEADROOM_BYTES } from '../link.ts'
import { fillRandom } from '../random-pool.ts'
import { returnSlab, SLAB_BYTES, takeSlab } from '../slab-pool.ts'
import type { Sealer } from './algorithms/cipher.ts'
import { plainSealer } from './algorithms/plain-cipher.ts'

const MIN_PADDING_BYTES = 4
/** A slab with less room than this is not worth going on with. */
const MIN_ROOM_BYTES = 4096
/** Less is copied, and sealed with all else of its flush: a call for each small packet would cost more. */
const MIN_SEALED_AT_ONCE_BYTES = 4096

/** A slab and the writes that still need it. */
interface SlabUse {
  readonly bytes: Buffer
  writes: number
}

/**
 * Lays packets out back to back in slabs, and seals and sends them a flush at a time: never one system call per packet.
 * Padding is random bytes from a pool. The connection that owns the writer decides when to flush.
 */
export class PacketWriter {
  readonly #link: ByteLink
  readonly #onLeft: () => void
  #sealer: Sealer = plainSealer
  #sequence = 0
  #use: SlabUse | undefined
  #at = 0
  #regionFrom = -1
  /** Where in the region the packets begin that are not sealed yet, how many they are, and where the last of them begins. */
  #openFrom = 0
  #openPackets = 0
  #lastFrom = 0
  /** Where the slab ends that `begin` returned an offset into. */
  slab: Buffer = EMPTY
  /** Bytes and packets since the last change of keys. */
  bytesSinceKeys = 0
  packetsSinceKeys = 0
  bytesSent = 0

  /** @param onLeft  bytes that were flushed have left for the link */
  constructor(link: ByteLink, onLeft: () => void = () => undefined) {
    this.#link = link
    this.#onLeft = onLeft
  }

  /** Bytes laid out and not flushed. */
  get pendingBytes(): number {
    return this.#regionFrom < 0 ? 0 : this.#at - this.#regionFrom
  }

  /** Sends bytes that are no packet: the identification line. */
  sendRaw(bytes: Buffer): void {
    this.flush()
    const from = this.#room(bytes.length)
    bytes.copy(this.slab, from)
    this.#at = from + bytes.length
    this.#hand(from)
  }

  /**
   * Lays out a packet for a payload of `payloadBytes` bytes.
   * @returns where in `this.slab` the payload has to be written, before anything else is asked of the writer
   */
  begin(payloadBytes: number): number {
    const sealer = this.#sealer
    const counted = (sealer.lengthApart ? 1 : 5) + payloadBytes
    let padding = sealer.blockBytes - (counted % sealer.blockBytes)
    if (padding < MIN_PADDING_BYTES) padding += sealer.blockBytes
    const total = 5 + payloadBytes + padding + sealer.tagBytes
    const at = this.#room(total)
    const slab = this.slab
    slab.writeUInt32BE(1 + payloadBytes + padding, at)
    slab[at + 4] = padding
    fillRandom(slab, at + 5 + payloadBytes, padding)
    this.#at = at + total
    this.#lastFrom = at
    this.#openPackets += 1
    this.packetsSinceKeys += 1
    this.bytesSinceKeys += total
    return at + 5
  }

  /**
   * Puts `byteCount` bytes of `source` at `at`, where `begin` or something behind it said. Nothing else of the packet may be missing: a large
   * one is sealed on the way, which spares its bytes a copy.
   */
  fill(at: number, source: Buffer, from: number, byteCount: number): void {
    if (byteCount < MIN_SEALED_AT_ONCE_BYTES || !this.#sealer.sealFrom) {
      source.copy(this.slab, at, from, from + byteCount)
      return
    }
    this.#seal(this.#lastFrom, this.#openPackets - 1)
    this.#sealer.sealFrom(this.slab, this.#lastFrom, this.#at, at, source, from, byteCount)
    this.#openFrom = this.#at
    this.#openPackets = 0
    this.#sequence = (this.#sequence + 1) >>> 0
  }

  /** Lays out a whole message. */
  send(payload: Buffer): void {
    const at = this.begin(payload.length)
    payload.copy(this.slab, at)
  }

  /** Seals and sends what is laid out. */
  flush(): void {
    if (this.#regionFrom < 0) return
    this.#seal(this.#at, this.#openPackets)
    this.#hand(this.#regionFrom)
  }

  /** Seals the next `packetCount` packets, which end at `to`. */
  #seal(to: number, packetCount: number): void {
    if (packetCount > 0) this.#sealer.seal(this.slab, this.#openFrom, to, this.#sequence)
    this.#sequence = (this.#sequence + packetCount) >>> 0
    this.#openFrom = to
    this.#openPackets = 0
  }

  /** From the next packet on. What is laid out leaves under the old keys. */
  setSealer(sealer: Sealer, resetSequence: boolean): void {
    this.flush()
    this.#sealer = sealer
    this.bytesSinceKeys = 0
    this.packetsSinceKeys = 0
    if (resetSequence) this.#sequence = 0
  }

  /** Gives back what the writer holds; for the end of the connection. */
  release(): void {
    this.#regionFrom = -1
    this.#openPackets = 0
    this.#leave()
  }

  /** Makes sure that `byteCount` bytes fit behind what is laid out, and opens a region where there is none. */
  #room(byteCount: number): number {
    if (this.#use && this.#at + byteCount + LINK_HEADROOM_BYTES > this.#use.bytes.length) {
      this.flush()
      this.#leave()
    }
    if (!this.#use) {
      // Only a request of a quarter of a megabyte asks for more than a slab.
      const whole = byteCount + LINK_HEADROOM_BYTES
      this.#use = { bytes: whole > SLAB_BYTES ? Buffer.allocUnsafeSlow(whole) : takeSlab(), writes: 0 }
      this.slab = this.#use.bytes
      this.#at = 0
    }
    if (this.#regionFrom < 0) {
      this.#at += LINK_HEADROOM_BYTES
      this.#regionFrom = this.#at
      this.#openFrom = this.#at
    }
    return this.#at
  }

  #hand(from: number): void {
    const use = this.#use
    if (!use) return
    use.writes += 1
    this.bytesSent += this.#at - from
    this.#regionFrom = -1
    this.#openPackets = 0
    const to = this.#at
    if (use.bytes.length - to < MIN_ROOM_BYTES) this.#leave()
    this.#link.write(use.bytes, from, to, () => this.#onWritten(use))
  }

  #onWritten(use: SlabUse): void {
    use.writes -= 1
    if (use.writes === 0) {
      // Nothing under way: a quiet connection holds no slab.
      if (use === this.#use && this.#regionFrom < 0) this.#forgetSlab()
      if (use !== this.#use && use.bytes.length === SLAB_BYTES) returnSlab(use.bytes)
    }
    this.#onLeft()
  }

  #forgetSlab(): void {
    this.#use = undefined
    this.slab = EMPTY
  }

  /** Stops using the slab; it goes back to the pool with its last write. */
  #leave(): void {
    const use = this.#use
    this.#forgetSlab()
    if (use && use.writes === 0 && use.bytes.length === SLAB_BYTES) returnSlab(use.bytes)
  }
}

const EMPTY = Buffer.alloc(0)
