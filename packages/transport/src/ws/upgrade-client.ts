import { randomBytes, timingSafeEqual } from 'node:crypto'
import { TransportError } from '../errors.ts'
import { readAnswerHead } from './answer-head.ts'
import { parseRetryAfter } from './retry-after.ts'
import { acceptKey, SUB_PROTOCOL } from './upgrade-server.ts'

/** Headers that belong to the upgrade itself (wire-protocol 1.6). */
const RESERVED = [
  'upgrade',
  'connection',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
]

export interface UpgradeRequest {
  /** Path and query, beginning with `/`. */
  readonly path: string
  readonly host: string
  /** Further headers; later ones of the same name replace earlier ones. `User-Agent` is expected among them. */
  readonly headers: Readonly<Record<string, string>>
}

/** The text of the request, and the key that the answer is checked with. */
export function encodeUpgrade(request: UpgradeRequest): { text: string; key: string } {
  const key = randomBytes(16).toString('base64')
  const lines = [`GET ${checked(request.path, 'path')} HTTP/1.1`, `Host: ${checked(request.host, 'host')}`]
  const add = (name: string, value: string) => lines.push(`${checked(name, 'header name')}: ${checked(value, name)}`)
  const { 'User-Agent': userAgent, ...custom } = request.headers
  if (userAgent !== undefined) add('User-Agent', userAgent)
  add('Connection', 'Upgrade')
  add('Sec-WebSocket-Key', key)
  add('Sec-WebSocket-Protocol', SUB_PROTOCOL)
  add('Sec-WebSocket-Version', '13')
  add('Upgrade', 'websocket')
  for (const [name, value] of Object.entries(custom)) {
    if (RESERVED.includes(name.toLowerCase())) {
      throw new TransportError(
        'dial-failed',
        `header ${name} belongs to the connection itself: remove it from the configuration`,
      )
    }
    if (name.toLowerCase() !== 'host') add(name, value)
  }
  return { text: `${lines.join('\r\n')}\r\n\r\n`, key }
}

function checked(text: string, what: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get into a header
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text))
    throw new TransportError('dial-failed', `${what} contains control characters`)
  return text
}

/** Collects the answer to an upgrade. */
export class UpgradeAnswer {
  #bytes: Buffer = Buffer.alloc(0)
  readonly #key: string

  constructor(key: string) {
    this.#key = key
  }

  /**
   * @returns bytes that follow the answer, or undefined while it is not whole
   * @throws  TransportError(upgrade-refused) for any answer but the right 101; redirects are not followed
   */
  feed(bytes: Buffer): Buffer | undefined {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    const head = readAnswerHead(this.#bytes)
    if (head === undefined) return undefined
    if (typeof head === 'string') throw refused(head)
    const { status, phrase, headers, rest } = head
    if (status !== 101) {
      const text = explainStatus(status, phrase, headers)
      throw refused(text, parseRetryAfter(headers.get('retry-after'), headers.get('date')))
    }
    const accept = Buffer.from(headers.get('sec-websocket-accept') ?? '')
    const expected = Buffer.from(acceptKey(this.#key))
    const isRight = accept.length === expected.length && timingSafeEqual(accept, expected)
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket' || !isRight)
      throw refused('the answer to the upgrade is wrong')
    return rest
  }
}

function explainStatus(status: number, phrase: string, headers: ReadonlyMap<string, string>): string {
  const via = headers.get('via')
  const hint = via ? `; a proxy answered (Via: ${printable(via)})` : ''
  if (status === 404) return `404: no rport server at this address${hint}`
  if (status === 423) return `423: this address is banned after failed logins, try later${hint}`
  if (status >= 300 && status < 400) {
    return `${status}: redirected to ${JSON.stringify((headers.get('location') ?? '').slice(0, 200))}, which is not followed${hint}`
  }
  return `${`${status} ${printable(phrase)}`.trimEnd()}${hint}`
}

/** Text of a stranger for our own messages: short, and nothing that a terminal would obey. */
const printable = (text: string): string => text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')

const refused = (text: string, retryAfterMs?: number): TransportError =>
  new TransportError('upgrade-refused', `upgrade refused: ${text}`, retryAfterMs === undefined ? {} : { retryAfterMs })
