import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** What the agents' port says to everything that is no agent (wire-protocol 1.3). */
export interface PlainAnswer {
  readonly status: number
  readonly phrase: string
  /** Empty: no body and no type. */
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

export const NOT_FOUND: PlainAnswer = { status: 404, phrase: 'Not Found', text: '' }
export const BANNED: PlainAnswer = { status: 423, phrase: 'Locked', text: 'Too many bad attempts. Please try later.' }
export const BAD_UPGRADE: PlainAnswer = {
  status: 400,
  phrase: 'Bad Request',
  text: 'Bad Request',
  headers: { 'Sec-Websocket-Version': '13' },
}
export const WRONG_METHOD: PlainAnswer = { status: 405, phrase: 'Method Not Allowed', text: 'Method Not Allowed' }
export const BUSY: PlainAnswer = {
  status: 503,
  phrase: 'Service Unavailable',
  text: 'Too many agents are connecting. Please try later.',
  headers: { 'Retry-After': '5' },
}
export const badRequestData = (maxBytes: number, why: string): PlainAnswer => ({
  status: 400,
  phrase: 'Bad Request',
  text: `Request data exceeds the limit of ${maxBytes} bytes: ${why}`,
})

const headersOf = (answer: PlainAnswer): Record<string, string> => {
  const body = bodyOf(answer)
  const type = body === '' ? {} : { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }
  return { ...answer.headers, ...type, 'Content-Length': String(body.length), Connection: 'close' }
}

const bodyOf = (answer: PlainAnswer): string => (answer.text === '' ? '' : `${answer.text}\n`)

/** Answers an ordinary request. Its body is never read. */
export function sendPlainAnswer(response: ServerResponse, answer: PlainAnswer): void {
  response.writeHead(answer.status, answer.phrase, headersOf(answer))
  response.end(bodyOf(answer))
}

/** Answers a request that asked for an upgrade: there is only the socket left. */
export function writePlainAnswer(socket: Duplex, answer: PlainAnswer): void {
  const head = Object.entries(headersOf(answer)).map(([name, value]) => `${name}: ${value}`)
  socket.end(`HTTP/1.1 ${answer.status} ${answer.phrase}\r\n${head.join('\r\n')}\r\n\r\n${bodyOf(answer)}`)
}

/**
 * Faults of a request that is no agent's, or undefined.
 * The texts are the original's; tools that watch the port match on them.
 */
export function faultOf(request: IncomingMessage, maxBytes: number): PlainAnswer | undefined {
  const query = /\?([^#]*)/.exec(request.url ?? '')?.[1] ?? ''
  const badEscape = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(query)?.[0]
  if (badEscape !== undefined) return badRequestData(maxBytes, `invalid URL escape "${badEscape}"`)
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    return badRequestData(maxBytes, 'http: request body too large')
  }
  return undefined
}
