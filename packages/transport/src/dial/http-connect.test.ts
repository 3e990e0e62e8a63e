import { Secret } from '@rport/kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../errors.ts'
import { httpConnect } from './http-connect.ts'

const proxy = (user = '', password = '') =>
  ({ kind: 'http', host: 'proxy', port: 3128, user, password: new Secret(password) }) as const
const target = { host: 'server.example', port: 8080 }

describe('the question to an HTTP proxy', () => {
  test('names the server twice', () => {
    expect(httpConnect(target, proxy()).hello.toString()).toBe(
      'CONNECT server.example:8080 HTTP/1.1\r\nHost: server.example:8080\r\nUser-Agent: rport\r\n\r\n',
    )
  })

  test('puts an IPv6 address into brackets', () => {
    const { hello } = httpConnect({ host: '2001:db8::1', port: 80 }, proxy())
    expect(hello.toString()).toContain('CONNECT [2001:db8::1]:80 HTTP/1.1')
  })

  test('has credentials only where there is a password', () => {
    const authorization = `Proxy-Authorization: Basic ${Buffer.from('ada:p:ä').toString('base64')}`
    expect(httpConnect(target, proxy('ada', 'p:ä')).hello.toString()).toContain(authorization)
    expect(httpConnect(target, proxy('ada')).hello.toString()).not.toContain('Proxy-Authorization')
  })
})

describe('the answer of an HTTP proxy', () => {
  const answer = (...pieces: string[]) => {
    const opening = httpConnect(target, proxy())
    return pieces.map((piece) => opening.feed(Buffer.from(piece))).at(-1)
  }

  test.each([
    'HTTP/1.1 200 Connection established\r\n\r\n',
    'HTTP/1.0 200\r\nVia: x\r\n\r\n',
    'HTTP/1.1 204 Ok\r\n\r\n',
  ])('%j opens the way, in one piece or byte by byte', (text) => {
    expect(answer(text)).toEqual({ rest: Buffer.alloc(0) })
    expect(answer(...text)).toEqual({ rest: Buffer.alloc(0) })
  })

  test.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\nhello', '407 Proxy Authentication Required'],
    ['HTTP/1.1 403 \x1b[31m\r\n\r\n', 'does not speak HTTP'],
    ['SSH-2.0-OpenSSH\r\n\r\n', 'does not speak HTTP'],
    ['HTTP/1.1 200 Ok\r\n\r\nextra', 'sent more than its answer'],
    ['x'.repeat(20_000), 'too long'],
  ])('%j is refused', (text, message) => {
    expect(() => answer(text)).toThrow(message)
    expect(() => answer(text)).toThrow(TransportError)
  })

  test('of any kind is understood, waited for or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        const opening = httpConnect(target, proxy())
        try {
          for (const piece of pieces) opening.feed(Buffer.from(piece))
        } catch (error) {
          expect(error).toBeInstanceOf(TransportError)
        }
      }),
    )
  })
})
