import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { hashOfRecoveryCode, newRecoveryCode } from './recovery-codes.ts'
import { newAppUrl, parseAppUrl } from './totp.ts'

describe('codes of an app', () => {
  /** RFC 6238, appendix B. */
  const SEEDS = { SHA1: 20, SHA256: 32, SHA512: 64 } as const
  const base32 = (text: string) => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
    const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
    return (bits.match(/.{1,5}/g) ?? []).map((group) => letters[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
  }

  it.each([
    ['SHA1', 59, '94287082'],
    ['SHA256', 59, '46119246'],
    ['SHA512', 59, '90693936'],
    ['SHA1', 1111111109, '07081804'],
    ['SHA256', 20000000000, '77737706'],
  ] as const)('are those of RFC 6238: %s at %i s', (algorithm, seconds, code) => {
    const secret = base32('1234567890'.repeat(7).slice(0, SEEDS[algorithm]))
    const app = parseAppUrl(`otpauth://totp/x?secret=${secret}&algorithm=${algorithm}&digits=8`)
    const now = seconds * 1000
    expect(app?.stepOf(code, now)).toBe(Math.floor(seconds / 30))
    expect(app?.stepOf(code, now + 30_000)).toBe(Math.floor(seconds / 30))
    expect(app?.stepOf(code, now + 90_000)).toBeUndefined()
  })

  it.each(['', '12345', '1234567', '-12345', '1e5   ', 'abcdef', '١٢٣٤٥٦'])('are never %j', (code) => {
    expect(parseAppUrl(newAppUrl('ada', 'RPort'))?.stepOf(code, 0)).toBeUndefined()
  })
})

describe('the URL of an app', () => {
  it('is understood again, whatever the name of the user', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (name) => {
        fc.pre(name.isWellFormed() && !name.includes(':'))
        expect(parseAppUrl(newAppUrl(name, 'RPort'))?.secret).toHaveLength(32)
      }),
    )
  })

  it.each([
    '',
    ' ',
    'otpauth://totp/x',
    'otpauth://totp/x?secret=',
    'https://x',
    'otpauth://totp/x?secret=1!',
    'x'.repeat(5000),
  ])('is not %.30j', (text) => {
    expect(parseAppUrl(text)).toBeUndefined()
  })

  it('may be any text, and none breaks the reader', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseAppUrl(`otpauth://totp/${text}`)))
  })
})

test('recovery codes are told apart, however they are written, and nothing else is one', () => {
  const [first, second] = [newRecoveryCode(), newRecoveryCode()]
  expect(first).toMatch(/^[0-9a-z]{5}-[0-9a-z]{5}-[0-9a-z]{5}$/)
  expect(hashOfRecoveryCode(first)).not.toBe(hashOfRecoveryCode(second))
  expect(hashOfRecoveryCode(` ${first.toUpperCase().replaceAll('-', '')} `)).toBe(hashOfRecoveryCode(first))
  for (const text of ['', '123456', 'u'.repeat(15), '1'.repeat(16)]) expect(hashOfRecoveryCode(text)).toBeUndefined()
})
