import { describe, expect, it } from 'vitest'
import { checkNewPassword } from './password-rules.ts'

const check =
  (password: string, algorithm: 'bcrypt' | 'argon2id' = 'argon2id') =>
  () =>
    checkNewPassword(password, { minLength: 14 }, algorithm)

describe('checkNewPassword', () => {
  it('counts bytes from the minimum on, as the original does', () => {
    expect(check('12345678901234')).not.toThrow()
    expect(check('ööööööö')).not.toThrow()
    expect(check('1234567890123')).toThrow('Your password is too short password must be at least 14 characters')
  })

  it('refuses what bcrypt would not look at, and what only costs time', () => {
    expect(check('x'.repeat(72), 'bcrypt')).not.toThrow()
    expect(check('x'.repeat(73), 'bcrypt')).toThrow('at most 72 bytes')
    expect(check('x'.repeat(1024))).not.toThrow()
    expect(check('x'.repeat(1025))).toThrow('at most 1024 bytes')
  })
})
