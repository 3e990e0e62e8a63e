import { describe, expect, it } from 'vitest'
import { createStrengthMeter } from './strength.ts'

describe('createStrengthMeter', () => {
  it('tells a password of every list from one of nobody, and says what would help', async () => {
    const meter = createStrengthMeter()
    const weak = await meter.estimate({ password: 'password1234567', known: [] })
    expect(weak.score).toBeLessThan(2)
    expect(weak.advice).toMatch(/[a-z]\.$/)
    expect(await meter.estimate({ password: 'vat-hush-lemon-orbit-9', known: [] })).toEqual({ score: 4, advice: '' })
  })

  it('counts what everybody knows of the user as known', async () => {
    const meter = createStrengthMeter()
    const password = 'zsuzsannakovesligethy'
    const unknown = await meter.estimate({ password, known: [] })
    expect((await meter.estimate({ password, known: [password] })).score).toBeLessThan(unknown.score)
  })

  it('is not slowed down by length', async () => {
    const meter = createStrengthMeter()
    const tail = Array.from({ length: 900 }, (_, n) => String.fromCharCode(33 + ((n * 7919) % 90))).join('')
    expect((await meter.estimate({ password: `a quiet river ${tail}`, known: [] })).score).toBe(4)
  })
})
