import { describe, expect, it } from 'vitest'
import { LimiterFull, type StrengthQuestion } from '../../passwords/index.ts'
import { createPasswordRules } from './password-rules.ts'

const check = (password: string, algorithm: 'bcrypt' | 'argon2id' = 'argon2id') =>
  createPasswordRules({ minLength: 14, minScore: 0 }).check({ password, algorithm, usernames: ['ada'] })

describe('the length of a new password', () => {
  it('counts in bytes from the minimum on, as in the original', async () => {
    await check('12345678901234')
    await check('ööööööö')
    await expect(check('1234567890123')).rejects.toThrow(
      'Your password is too short password must be at least 14 characters',
    )
  })

  it('ends where bcrypt would not look any more, and where it only costs time', async () => {
    await check('x'.repeat(72), 'bcrypt')
    await expect(check('x'.repeat(73), 'bcrypt')).rejects.toThrow('at most 72 bytes')
    await check('x'.repeat(1024))
    await expect(check('x'.repeat(1025))).rejects.toThrow('at most 1024 bytes')
  })
})

describe('the strength of a new password', () => {
  const rulesOf = (minScore: number, score: number, asked: StrengthQuestion[] = []) =>
    createPasswordRules({
      minLength: 4,
      minScore,
      meter: {
        async estimate(question) {
          asked.push(question)
          return { score, advice: score < 3 ? 'Add more words.' : '' }
        },
      },
    })
  const candidate = { password: 'quiet river', algorithm: 'argon2id', usernames: ['ada', 'lovelace'] } as const

  it('must reach the minimum; otherwise the error says by how much it fails and what would help', async () => {
    await rulesOf(3, 3).check(candidate)
    await expect(rulesOf(3, 2).check(candidate)).rejects.toMatchObject({
      key: 'password_too_guessable',
      entries: [
        {
          title: 'Your password is too guessable',
          detail: 'zxcvbn score is 2, must be at least 3. Add more words.',
        },
      ],
    })
  })

  it('is judged against both names of the user', async () => {
    const asked: StrengthQuestion[] = []
    await rulesOf(3, 4, asked).check(candidate)
    expect(asked).toEqual([{ password: 'quiet river', known: ['ada', 'lovelace'] }])
  })

  it.each([0, -1])('asks nobody with the minimum %i, which every password has', async (minScore) => {
    const asked: StrengthQuestion[] = []
    await rulesOf(minScore, 0, asked).check(candidate)
    expect(asked).toEqual([])
  })

  it('that nobody has time to judge is not accepted', async () => {
    const estimate = () => Promise.reject(new LimiterFull())
    const rules = createPasswordRules({ minLength: 4, minScore: 2, meter: { estimate } })
    await expect(rules.check(candidate)).rejects.toMatchObject({ key: 'too_many_requests_at_once' })
  })
})
