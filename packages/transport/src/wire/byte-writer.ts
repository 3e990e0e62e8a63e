/** Room for nearly every message; larger ones move once or twice. */
const FIRST_BYTES = 96

/** Builds one message of the data types of RFC 4251 section 5. Channel data takes no such detour. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #at = 0

  byte(value: number): this {
    const at = this.#room(1)
    this.#bytes[at] = value & 0xff
    return this
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0)
  }

  uint32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value >>> 0, at)
    return this
  }

  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  string(value: string | Uint8Array): this {
    if (typeof value !== 'string') return this.uint32(value.length).raw(value)
    const byteCount = Buffer.byteLength(value, 'utf8')
    const at = this.uint32(byteCount).#room(byteCount)
    this.#bytes.write(value, at, byteCount, 'utf8')
    return this
  }

  nameList(names: readonly string[]): this {
    return this.string(names.join(','))
  }

  /** A non-negative number given as big-endian bytes. */
  mpint(bytes: Uint8Array): this {
    let start = 0
    while (start < bytes.length && bytes[start] === 0) start += 1
    const trimmed = bytes.subarray(start)
    const sign = ((trimmed[0] ?? 0) & 0x80) !== 0 ? 1 : 0
    this.uint32(trimmed.length + sign)
    return sign === 1 ? this.byte(0).raw(trimmed) : this.raw(trimmed)
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  /** @returns where the next `byteCount` bytes go */
  #room(byteCount: number): number {
    const at = this.#at
    this.#at += byteCount
    if (this.#at > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    return at
  }
}
