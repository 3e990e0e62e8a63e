import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../errors.ts'
import { encodeUpgrade, UpgradeAnswer } from './upgrade-client.ts'
import { acceptKey } from './upgrade-server.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const RIGHT = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(KEY)}\r\n\r\n`

const read = (text: string | Buffer, pieceBytes = Number.MAX_SAFE_INTEGER): string | undefined => {
  const answer = new UpgradeAnswer(KEY)
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1')
  let rest: Buffer | undefined
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    rest = rest ? Buffer.concat([rest, piece]) : answer.feed(piece)
  }
  return rest?.toString('latin1')
}

describe('the request', () => {
  const encode = (headers: Record<string, string>, path = '/x?y=1', host = 'example.com:80') =>
    encodeUpgrade({ path, host, headers })

  test('has the lines of the original, in its order, with a fresh key', () => {
    const { text, key } = encode({ 'User-Agent': 'rport 2.1.0', 'X-Site': 'a' })
    expect(text).toBe(
      'GET /x?y=1 HTTP/1.1\r\nHost: example.com:80\r\nUser-Agent: rport 2.1.0\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: rport-v1\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nX-Site: a\r\n\r\n`,
    )
    expect(Buffer.from(key, 'base64').length).toBe(16)
    expect(encode({}).key).not.toBe(key)
  })

  test('takes Host from its own setting only', () => {
    expect(encode({ host: 'other' }).text.match(/host:/gi)?.length).toBe(1)
  })

  test.each([
    'Upgrade',
    'connection',
    'Sec-WebSocket-Key',
    'sec-websocket-version',
    'Sec-WebSocket-Protocol',
    'Sec-Websocket-Extensions',
  ])('cannot be given another %s', (name) => {
    expect(() => encode({ [name]: 'x' })).toThrow('belongs to the connection itself')
  })

  test.each([
    ['a header value', () => encode({ 'X-A': 'b\r\nX-Evil: c' })],
    ['a header name', () => encode({ 'X-A\r\nX-Evil': 'b' })],
    ['the path', () => encode({}, '/ HTTP/1.1\r\nX-Evil: c\r\n')],
    ['the host', () => encode({}, '/', 'x\nX-Evil: c')],
    ['a NUL', () => encode({ 'X-A': '\0' })],
  ])('carries no lines smuggled into %s', (_what, encodeIt) => {
    expect(encodeIt).toThrow('contains control characters')
  })
})

describe('the answer', () => {
  test('is read, cut at any byte, and what follows it is left alone', () => {
    for (let size = 1; size < 200; size += 1)
      expect(read(`${RIGHT}SSH-rport-v1-server\r\n`, size)).toBe('SSH-rport-v1-server\r\n')
  })

  test('may come in other letters and with more headers', () => {
    expect(
      read(
        RIGHT.toLowerCase()
          .replace('http/1.1', 'HTTP/1.0')
          .replace(/accept: .*/, `accept:${acceptKey(KEY)}`),
      ),
    ).toBe('')
    expect(read(RIGHT.replace('\r\n', '\r\nSec-WebSocket-Protocol: rport-v1\r\nServer: caddy\r\n'))).toBe('')
  })

  test.each([
    ['HTTP/1.1 404 Not Found\r\n\r\n', '404: no rport server at this address'],
    ['HTTP/1.1 423 Locked\r\n\r\nToo many bad attempts.', '423: this address is banned after failed logins, try later'],
    ['HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\n', '301: redirected to "https://x/", which is not followed'],
    ['HTTP/1.1 502 Bad Gateway\r\nVia: 1.1 squid\r\n\r\n', '502 Bad Gateway; a proxy answered (Via: 1.1 squid)'],
    ['HTTP/1.1 403 Gesch\xfctzt\r\nVia: \x1b[31mred\r\n\r\n', '403 Gesch?tzt; a proxy answered (Via: ?[31mred)'],
    ['HTTP/1.1 200\r\n\r\n', '200'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'the server does not speak HTTP'],
    ['HTTP/2 200 OK\r\n\r\n', 'the server does not speak HTTP'],
    ['HTTP/1.1 abc OK\r\n\r\n', 'the server does not speak HTTP'],
    [RIGHT.replace(/Accept: ./, 'Accept: #'), 'the answer to the upgrade is wrong'],
    [RIGHT.replace(/Sec-.*\r\n/, ''), 'the answer to the upgrade is wrong'],
    [RIGHT.replace('Upgrade: websocket', 'Upgrade: h2c'), 'the answer to the upgrade is wrong'],
    [`HTTP/1.1 101 x\r\nX: ${'y'.repeat(20_000)}`, 'answer head too long'],
    [`HTTP/1.1 101 x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 'answer head too long'],
  ])('%j is refused with its reason', (text, reason) => {
    for (const size of [1000, 7]) {
      expect(() => read(text, size)).toThrow(
        expect.objectContaining({ code: 'upgrade-refused', message: `upgrade refused: ${reason}` }),
      )
    }
  })

  test('of whoever speaks another protocol is refused at its first byte', () => {
    expect(() => read('S')).toThrow('does not speak HTTP')
  })

  test('made of anything throws nothing but TransportError', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(RIGHT, 'HTTP/1.1 ', '101', '\r\n', '\r\n\r\n', 'Via: ', 'Upgrade: websocket'),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 50 }), (pieces, size) => {
        try {
          read(pieces.join(''), size)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TransportError)
        }
      }),
    )
  })
})
