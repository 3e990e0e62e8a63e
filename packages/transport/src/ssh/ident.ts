import { TransportError } from '../errors.ts'

/** RFC 4253 section 4.2: 255 characters with CR LF. */
const MAX_LINE_BYTES = 255
const NOTHING = Buffer.alloc(0)

/**
 * Reads the peer's identification line. Peers of this family say `SSH-rport-v1-…`, so only the first four characters are
 * demanded (wire-protocol 2.1). Other lines before it are not accepted.
 */
export class IdentReader {
  #bytes: Buffer = NOTHING
  line = ''

  /** @returns what follows the line, or undefined while it is not whole */
  feed(bytes: Buffer): Buffer | undefined {
    const taken = Math.min(bytes.length, MAX_LINE_BYTES + 1 - this.#bytes.length)
    const end = bytes.subarray(0, taken).indexOf(0x0a)
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, end < 0 ? taken : end)])
    const start = this.#bytes.subarray(0, 4).toString('latin1')
    if (!'SSH-'.startsWith(start)) throw new TransportError('handshake-failed', 'peer does not speak SSH')
    if (end < 0) {
      if (this.#bytes.length > MAX_LINE_BYTES)
        throw new TransportError('handshake-failed', 'identification line too long')
      return undefined
    }
    const line = this.#bytes.toString('latin1').replace(/\r$/, '')
    if (!/^SSH-[\x20-\x7e]*$/.test(line))
      throw new TransportError('handshake-failed', 'identification line is not plain ASCII')
    this.line = line
    // The bytes lie in the runtime's pool, 64 KiB of which they would keep for as long as the connection lives.
    this.#bytes = NOTHING
    return bytes.subarray(end + 1)
  }
}
