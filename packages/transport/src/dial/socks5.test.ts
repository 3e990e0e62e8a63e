import { Secret } from '@rport/kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../errors.ts'
import { socks5 } from './socks5.ts'

const proxy = (user = '', password = '') =>
  ({ kind: 'socks5', host: 'proxy', port: 1080, user, password: new Secret(password) }) as const
const target = { host: 'srv', port: 8080 }
const hex = (bytes: Buffer | undefined) => bytes?.toString('hex')
const bytes = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

const GRANTED = '05 00 00 01 00000000 0000'

describe('a SOCKS5 proxy', () => {
  test('without login is asked for the name, which it resolves', () => {
    const opening = socks5(target, proxy())
    expect(hex(opening.hello)).toBe('050100')
    expect(hex(opening.feed(bytes('0500')).say)).toBe(`0501000303${hex(Buffer.from('srv'))}1f90`)
    expect(opening.feed(bytes(GRANTED)).rest).toHaveLength(0)
  })

  test('is given addresses as addresses', () => {
    const ask = (host: string) => hex(socks5({ host, port: 1 }, proxy()).feed(bytes('0500')).say)
    expect(ask('10.0.0.5')).toBe('05010001' + '0a000005' + '0001')
    expect(ask('2001:db8::1')).toBe('05010004' + '20010db8000000000000000000000001' + '0001')
  })

  test('that wants a login gets user and password', () => {
    const opening = socks5(target, proxy('ada', 'pä'))
    expect(hex(opening.hello)).toBe('05020002')
    expect(hex(opening.feed(bytes('0502')).say)).toBe(`0103${hex(Buffer.from('ada'))}03${hex(Buffer.from('pä'))}`)
    expect(hex(opening.feed(bytes('0100')).say)).toMatch(/^05010003/)
    expect(opening.feed(bytes(GRANTED)).rest).toHaveLength(0)
  })

  test('that offers both is not shown the password', () => {
    const opening = socks5(target, proxy('ada', 'secret'))
    expect(hex(opening.feed(bytes('0500')).say)).toMatch(/^05010003/)
  })

  test.each(['05 00 00 01 7f000001 1f90', `05 00 00 04 ${'00'.repeat(16)} 1f90`, '05 00 00 03 02 6162 1f90'])(
    'may answer byte by byte: %s',
    (reply) => {
      const opening = socks5(target, proxy())
      const replies = [...bytes(`0500${reply}`)].map((byte) => opening.feed(Buffer.from([byte])))
      expect(replies.at(-1)?.rest).toHaveLength(0)
      expect(replies.slice(0, -1).every(({ rest }) => rest === undefined)).toBe(true)
    },
  )

  test.each([
    ['asks for a login that nobody has', '', ['0502'], 'it asks for a user and a password'],
    ['takes no login of ours', 'ada', ['05ff'], 'it takes no user and password'],
    ['does not know the user', 'ada', ['0502', '0101'], 'user or password is wrong'],
    ['is something else', '', ['4854'], 'does not speak SOCKS5'],
    ['speaks another login', 'ada', ['0502', '0500'], 'does not speak SOCKS5'],
    ['cannot reach the server', '', ['0500', '05 05 00 01 00000000 0000'], 'connection refused'],
    ['has a reason of its own', '', ['0500', '05 63 00 01 00000000 0000'], 'code 99'],
    ['answers with an unknown address', '', ['0500', '05 00 00 09'], 'unknown kind of address'],
    ['talks on', '', ['0500', `${GRANTED} 41`], 'sent more than its answer'],
    ['talks on early', '', ['050000'], 'sent more than its answer'],
  ])('that %s is given up with the reason', (_, user, pieces, reason) => {
    const opening = socks5(target, proxy(user, user && 'secret'))
    const talk = () => {
      for (const piece of pieces) opening.feed(bytes(piece))
    }
    expect(talk).toThrow(reason)
  })

  test.each([
    ['name of the server', { host: 'x'.repeat(256), port: 1 }, proxy()],
    ['user', target, proxy('u'.repeat(256), 'p')],
    ['password', target, proxy('u', 'p'.repeat(256))],
  ])('is not asked when the %s is too long for it', (what, where, through) => {
    expect(() => socks5(where, through)).toThrow(`the ${what} has 256 bytes`)
  })

  test('that sends anything at all is understood, waited for or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
        const opening = socks5(target, proxy('u', 'p'))
        try {
          for (const piece of pieces) opening.feed(Buffer.from(piece))
        } catch (error) {
          expect(error).toBeInstanceOf(TransportError)
        }
      }),
    )
  })
})
