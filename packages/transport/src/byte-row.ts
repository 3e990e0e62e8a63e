/** Pieces up to this size share a buffer; larger ones get one of their own. */
const SMALL_BYTES = 1024
const SHARED_BYTES = 8 * 1024

/**
 * Copies of bytes that wait, in order. A peer may send a window of single bytes: small pieces are joined, so that what waits
 * costs about its own size and not an object for every byte. The owner bounds `byteCount`.
 */
export class ByteRow {
  #pieces: Buffer[] = []
  #head = 0
  #shared: Buffer | undefined
  #sharedTo = 0
  byteCount = 0

  push(bytes: Buffer): void {
    this.byteCount += bytes.length
    if (bytes.length > SMALL_BYTES) {
      this.#seal()
      this.#pieces.push(Buffer.from(bytes))
      return
    }
    if (this.#shared && this.#sharedTo + bytes.length > this.#shared.length) this.#seal()
    this.#shared ??= Buffer.allocUnsafeSlow(SHARED_BYTES)
    this.#sharedTo += bytes.copy(this.#shared, this.#sharedTo)
  }

  /** The oldest piece, not necessarily as it was pushed; undefined when nothing waits. */
  shift(): Buffer | undefined {
    if (this.#head === this.#pieces.length) this.#seal()
    const piece = this.#pieces[this.#head]
    if (!piece) return undefined
    this.#head += 1
    if (this.#head === this.#pieces.length) {
      this.#pieces = []
      this.#head = 0
    }
    this.byteCount -= piece.length
    return piece
  }

  clear(): void {
    this.#pieces = []
    this.#head = 0
    this.#shared = undefined
    this.#sharedTo = 0
    this.byteCount = 0
  }

  #seal(): void {
    if (this.#shared && this.#sharedTo > 0) this.#pieces.push(this.#shared.subarray(0, this.#sharedTo))
    this.#shared = undefined
    this.#sharedTo = 0
  }
}
