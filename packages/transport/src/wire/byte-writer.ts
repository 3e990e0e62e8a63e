/** Builds one message of the data types of RFC 4251 section 5. For messages that are rare; channel data takes no such detour. */
export class ByteWriter {
  readonly #parts: Buffer[] = []

  byte(value: number): this {
    this.#parts.push(Buffer.from([value & 0xff]))
    return this
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0)
  }

  uint32(value: number): this {
    const part = Buffer.allocUnsafe(4)
    part.writeUInt32BE(value >>> 0)
    this.#parts.push(part)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return this
  }

  string(value: string | Uint8Array): this {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
    return this.uint32(bytes.length).raw(bytes)
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
    return Buffer.concat(this.#parts)
  }
}
