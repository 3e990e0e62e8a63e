import { TransportError } from '../errors.ts'

/** Reads the data types of RFC 4251 section 5 out of one packet. Every length is checked before anything is taken. */
export class ByteReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    this.#need(1)
    const value = this.#bytes[this.#at] ?? 0
    this.#at += 1
    return value
  }

  boolean(): boolean {
    return this.byte() !== 0
  }

  uint32(): number {
    this.#need(4)
    const value = this.#bytes.readUInt32BE(this.#at)
    this.#at += 4
    return value
  }

  /** `byteCount` raw bytes: a view, valid as long as the packet is. */
  raw(byteCount: number): Buffer {
    this.#need(byteCount)
    const view = this.#bytes.subarray(this.#at, this.#at + byteCount)
    this.#at += byteCount
    return view
  }

  /** A string of bytes, at most `maxBytes` long: a view, valid as long as the packet is. */
  string(maxBytes: number): Buffer {
    const length = this.uint32()
    if (length > maxBytes) throw malformed(`string of ${length} bytes, at most ${maxBytes} allowed`)
    return this.raw(length)
  }

  /** A string as UTF-8 text. */
  text(maxBytes: number): string {
    return this.string(maxBytes).toString('utf8')
  }

  /** A comma-separated list of names. */
  nameList(maxBytes = 8192): string[] {
    const text = this.string(maxBytes).toString('latin1')
    return text === '' ? [] : text.split(',')
  }

  /** A non-negative multiple precision integer, without the sign byte. */
  mpint(maxBytes: number): Buffer {
    const bytes = this.string(maxBytes + 1)
    if (((bytes[0] ?? 0) & 0x80) !== 0) throw malformed('negative number')
    return bytes[0] === 0 ? bytes.subarray(1) : bytes
  }

  /** Everything that is left: a view. */
  rest(): Buffer {
    return this.raw(this.remaining)
  }

  #need(byteCount: number): void {
    if (byteCount > this.remaining) throw malformed(`${byteCount} bytes wanted, ${this.remaining} left`)
  }
}

const malformed = (what: string): TransportError => new TransportError('protocol-error', `malformed message: ${what}`)
