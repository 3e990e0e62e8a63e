/** Longest answer head that is read. */
const MAX_HEAD_BYTES = 16 * 1024
const HTTP = 'HTTP/1.'

/** Status line and headers of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly phrase: string
  /** By lower-case name; the last of several with the same name. */
  readonly headers: ReadonlyMap<string, string>
  /** What follows the head. */
  readonly rest: Buffer
}

/**
 * Reads the head at the beginning of what a server has sent so far.
 * @returns undefined while more is needed; a text that says why this is no answer of an HTTP server
 */
export function readAnswerHead(bytes: Buffer): AnswerHead | string | undefined {
  // Whoever speaks another protocol may wait for us to go on: it is not waited for.
  const start = bytes.subarray(0, HTTP.length).toString('latin1')
  if (!HTTP.startsWith(start)) return 'the server does not speak HTTP'
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0 && bytes.length <= MAX_HEAD_BYTES) return undefined
  if (end < 0 || end > MAX_HEAD_BYTES) return 'answer head too long'
  const [statusLine = '', ...headerLines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3})(?: ([\x20-\x7e\x80-\xff]*))?$/.exec(statusLine)
  if (!status) return 'the server does not speak HTTP'
  return {
    status: Number(status[1]),
    phrase: status[2] ?? '',
    headers: new Map(headerLines.map((line) => splitHeader(line))),
    rest: bytes.subarray(end + 4),
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, Math.max(colon, 0)).toLowerCase(), line.slice(colon + 1).trim()]
}
