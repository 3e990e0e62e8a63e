/** What a TLS client says first, as far as we look. */
export interface ClientHello {
  /** Lower case; undefined when the client names nobody. */
  readonly serverName: string | undefined
  /** Protocols that it offers. */
  readonly protocols: readonly string[]
}

const HANDSHAKE_RECORD = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const APPLICATION_PROTOCOLS = 16
const HOST_NAME = 0
/** One record: longer hellos are split, and no authority sends such. */
export const MAX_HELLO_BYTES = 5 + 16_384

/**
 * Reads the first record of a connection.
 *
 *     record     type(1)=22 version(2) length(2) body
 *     handshake  type(1)=1 length(3) version(2) random(32) session<1> ciphers<2> compressions<1> extensions<2>
 *     extension  type(2) body<2>
 *
 * @returns 'incomplete' when more bytes are needed; undefined when it is no hello or spans several records
 * @see     RFC 8446 §4.1.2, RFC 6066 §3 (server_name), RFC 7301 §3.1 (application_layer_protocol_negotiation)
 */
export function readClientHello(bytes: Buffer): ClientHello | 'incomplete' | undefined {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE_RECORD) return undefined
  if (bytes.length < 5) return 'incomplete'
  const recordEnd = 5 + bytes.readUInt16BE(3)
  if (recordEnd > MAX_HELLO_BYTES) return undefined
  if (bytes.length < recordEnd) return 'incomplete'
  try {
    return readHandshake(new Reader(bytes.subarray(5, recordEnd)))
  } catch (error) {
    if (error instanceof RangeError) return undefined // a length that leads past the end
    throw error
  }
}

function readHandshake(record: Reader): ClientHello | undefined {
  if (record.number(1) !== CLIENT_HELLO) return undefined
  const hello = record.block(3)
  hello.skip(2 + 32)
  hello.block(1)
  hello.block(2)
  hello.block(1)
  let serverName: string | undefined
  let protocols: readonly string[] = []
  const extensions = hello.isAtEnd ? hello : hello.block(2)
  while (!extensions.isAtEnd) {
    const type = extensions.number(2)
    const body = extensions.block(2)
    if (type === SERVER_NAME) serverName = readServerName(body)
    if (type === APPLICATION_PROTOCOLS) protocols = readProtocols(body)
  }
  return { serverName, protocols }
}

function readServerName(body: Reader): string | undefined {
  const names = body.block(2)
  while (!names.isAtEnd) {
    const type = names.number(1)
    const name = names.block(2)
    if (type === HOST_NAME) return name.text().toLowerCase()
  }
  return undefined
}

function readProtocols(body: Reader): string[] {
  const list = body.block(2)
  const protocols: string[] = []
  while (!list.isAtEnd) protocols.push(list.block(1).text())
  return protocols
}

/** Reads forward through bytes; every step past the end is a RangeError. */
class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(sizeBytes: number): number {
    return this.#take(sizeBytes).reduce((value, byte) => value * 256 + byte, 0)
  }

  /** A part in front of which its length stands in `lengthBytes` bytes. */
  block(lengthBytes: number): Reader {
    return new Reader(this.#take(this.number(lengthBytes)))
  }

  skip(sizeBytes: number): void {
    this.#take(sizeBytes)
  }

  text(): string {
    return this.#bytes.toString('latin1')
  }

  #take(sizeBytes: number): Buffer {
    const end = this.#at + sizeBytes
    if (end > this.#bytes.length) throw new RangeError('past the end')
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }
}
