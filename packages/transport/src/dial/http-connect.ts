import { joinHostPort } from '@rport/kit'
import { TransportError } from '../errors.ts'
import type { Opening } from './opening.ts'
import type { DialProxy } from './proxy.ts'

/** Longest answer head that is read. */
const MAX_HEAD_BYTES = 16 * 1024
const MAX_PHRASE_CHARS = 100

/**
 * Asks an HTTP proxy for a way to `host:port`. Name and password are sent only where there is a password.
 * @see RFC 9110 section 9.3.6; wire-protocol 1.5
 */
export function httpConnect(target: { host: string; port: number }, proxy: DialProxy): Opening {
  const where = joinHostPort(target.host, target.port)
  const lines = [`CONNECT ${where} HTTP/1.1`, `Host: ${where}`, 'User-Agent: rport']
  if (!proxy.password.isEmpty()) {
    const credentials = Buffer.from(`${proxy.user}:${proxy.password.reveal()}`).toString('base64')
    lines.push(`Proxy-Authorization: Basic ${credentials}`)
  }
  let head: Buffer = Buffer.alloc(0)
  return {
    hello: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`),
    peer: 'the proxy',
    feed(bytes) {
      head = Buffer.concat([head, bytes])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0 && head.length <= MAX_HEAD_BYTES) return {}
      if (end < 0 || end > MAX_HEAD_BYTES) throw refused('its answer is too long')
      const line = head.subarray(0, end).toString('latin1').split('\r\n', 1)[0] ?? ''
      const status = /^HTTP\/1\.[01] (\d{3})(?: ([\x20-\x7e]*))?$/.exec(line)
      if (!status) throw refused('it does not speak HTTP')
      if (!status[1]?.startsWith('2'))
        throw refused(`${status[1]} ${(status[2] ?? '').slice(0, MAX_PHRASE_CHARS)}`.trim())
      // Neither TLS nor HTTP lets the far side speak first: more bytes would be somebody else's.
      if (head.length > end + 4) throw refused('it sent more than its answer')
      return { rest: Buffer.alloc(0) }
    },
  }
}

const refused = (why: string): TransportError =>
  new TransportError('proxy-refused', `the HTTP proxy opened no way to the server: ${why}`)
