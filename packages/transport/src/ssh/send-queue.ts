import type { Hold, Lease } from '../channel.ts'

/** Gone pieces whose places are kept before the row is cut: shifting a long array costs its length. */
const MAX_GONE_PIECES = 512

/** Fills the packet that was laid out last; see PacketWriter.fill. */
export interface DataFiller {
  fillData(at: number, source: Buffer, from: number, byteCount: number): void
}

/** What waits in one channel to be sent, in order. */
export class SendQueue {
  /** Pieces in places `#at` to `#end`. Places are filled again: to empty an array and to let it grow costs more than a small message. */
  #pieces: (Buffer | undefined)[] = []
  /** What keeps each piece as it is; a piece without one is about to be sent by the call that brought it. */
  #holds: (Hold | undefined)[] = []
  /** The first piece that is not gone, and how much of it is. */
  #at = 0
  #pieceAt = 0
  #end = 0
  byteCount = 0

  get pieceCount(): number {
    return this.#end - this.#at
  }

  /** Takes bytes that stay as they are until the caller returns; what is left then must be kept by `holdLast`. */
  push(bytes: Buffer): void {
    this.#pieces[this.#end] = bytes
    this.#holds[this.#end] = undefined
    this.#end += 1
    this.byteCount += bytes.length
  }

  /** The piece that was pushed last has to wait. */
  holdLast(lease: Lease): void {
    this.#holds[this.#end - 1] = lease.hold()
  }

  /** Moves the next `byteCount` bytes to `target` at `at`; `filler` does so instead where they lie in one piece. */
  moveTo(target: Buffer, at: number, byteCount: number, filler?: DataFiller): void {
    let left = byteCount
    let to = at
    while (left > 0) {
      const first = this.#pieces[this.#at]
      if (!first) break
      const taken = Math.min(left, first.length - this.#pieceAt)
      if (filler && taken === byteCount) filler.fillData(at, first, this.#pieceAt, taken)
      else first.copy(target, to, this.#pieceAt, this.#pieceAt + taken)
      to += taken
      left -= taken
      this.#pieceAt += taken
      if (this.#pieceAt === first.length) this.#dropFirst()
    }
    this.byteCount -= byteCount
  }

  clear(): void {
    for (let index = this.#at; index < this.#end; index += 1) this.#holds[index]?.release()
    this.#pieces = []
    this.#holds = []
    this.#at = 0
    this.#pieceAt = 0
    this.#end = 0
    this.byteCount = 0
  }

  #dropFirst(): void {
    this.#holds[this.#at]?.release()
    this.#pieces[this.#at] = undefined
    this.#holds[this.#at] = undefined
    this.#pieceAt = 0
    this.#at += 1
    if (this.#at === this.#end) {
      this.#at = 0
      this.#end = 0
    } else if (this.#at >= MAX_GONE_PIECES) {
      this.#pieces.splice(0, this.#at)
      this.#holds.splice(0, this.#at)
      this.#end -= this.#at
      this.#at = 0
    }
  }
}
