import { createFakeClock } from '@rport/kit/testing'
import { describe, expect, it } from 'vitest'
import { hashArgon2id, verifyArgon2id } from './argon2id.ts'
import { hashBcrypt, NOBODYS_BCRYPT, verifyBcrypt } from './bcrypt.ts'
import { LimiterFull } from './limiter.ts'
import { createPasswords } from './passwords.ts'
import { classifyStoredPassword, needsRehash } from './stored-password.ts'

const create = (extra: { maxRunning?: number; maxWaiting?: number } = {}) => {
  const clock = createFakeClock()
  return { clock, passwords: createPasswords({ clock, ...extra }) }
}

describe('argon2id', () => {
  it('writes a PHC text with its parameters and verifies it', async () => {
    const hash = await hashArgon2id('correct horse')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await verifyArgon2id(hash, 'correct horse')).toBe(true)
    expect(await verifyArgon2id(hash, 'correct horsf')).toBe(false)
  })

  it('verifies hashes of other programs', async () => {
    // reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32
    const foreign = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await verifyArgon2id(foreign, 'password')).toBe(true)
  })

  it.each([
    '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$',
  ])('does not compute %s', async (hash) => {
    expect(await verifyArgon2id(hash, 'password')).toBe(false)
  })
})

describe('bcrypt', () => {
  it('writes what the original reads', async () => {
    const hash = await hashBcrypt('golden-admin-pw-1')
    expect(hash).toMatch(/^\$2y\$10\$/)
    expect(await verifyBcrypt(hash, 'golden-admin-pw-1')).toBe(true)
    expect(await verifyBcrypt(hash, 'golden-admin-pw-2')).toBe(false)
  })

  it('verifies the recorded hash', async () => {
    expect(
      await verifyBcrypt('$2y$05$abcdefghijklmnopqrstuunleTJJUOfpmR9Lj3t./1GPP37TCQxji', 'golden-admin-pw-1'),
    ).toBe(true)
  })

  it('refuses passwords whose end would not count', async () => {
    await expect(hashBcrypt('ä'.repeat(37))).rejects.toBeInstanceOf(RangeError)
  })

  it.each(['$2y$31$abcdefghijklmnopqrstuunleTJJUOfpmR9Lj3t./1GPP37TCQxji', '$2y$10$short', ''])(
    'does not compute %j',
    async (hash) => {
      expect(await verifyBcrypt(hash, 'x')).toBe(false)
    },
  )

  it('really computes the hash that belongs to nobody', async () => {
    const startedAt = performance.now()
    expect(await verifyBcrypt(NOBODYS_BCRYPT, 'x')).toBe(false)
    expect(performance.now() - startedAt).toBeGreaterThan(5)
  })
})

describe('classifyStoredPassword', () => {
  it('never takes a hash for a password', async () => {
    const { passwords } = create()
    const hash = '$2a$05$abcdefghijklmnopqrstuunleTJJUOfpmR9Lj3t./1GPP37TCQxji'
    expect(await passwords.verify(classifyStoredPassword(hash), hash, 'bcrypt')).toBe(false)
    expect(await passwords.verify(classifyStoredPassword(hash), 'golden-admin-pw-1', 'bcrypt')).toBe(true)
  })

  it('asks for a new hash where the stored one is weaker than what is written today', async () => {
    expect(needsRehash(classifyStoredPassword('clear'), 'bcrypt')).toBe(true)
    expect(needsRehash(classifyStoredPassword('$2y$05$abc'), 'bcrypt')).toBe(false)
    expect(needsRehash(classifyStoredPassword('$2y$05$abc'), 'argon2id')).toBe(true)
    expect(needsRehash(classifyStoredPassword('$argon2id$v=19$m=8,t=1,p=1$a$b'), 'argon2id')).toBe(true)
    expect(needsRehash(classifyStoredPassword(await hashArgon2id('x')), 'argon2id')).toBe(false)
  })
})

describe('createPasswords', () => {
  it('accepts clear text where the original does, and what the configuration says', async () => {
    const { passwords } = create()
    expect(await passwords.verify({ kind: 'plain', text: 'clear' }, 'clear', 'bcrypt')).toBe(true)
    expect(await passwords.verify({ kind: 'plain', text: 'clear' }, 'Clear', 'bcrypt')).toBe(false)
    expect(await passwords.verify({ kind: 'configured', text: '$2y$x' }, '$2y$x', 'configured')).toBe(true)
    expect(await passwords.verify(undefined, '', 'configured')).toBe(false)
  })

  it('takes as long for nobody as for somebody', async () => {
    const { passwords } = create()
    const time = async (work: () => Promise<unknown>) => {
      const startedAt = performance.now()
      await work()
      return performance.now() - startedAt
    }
    const stored = classifyStoredPassword(await passwords.hash('right', 'argon2id'))
    const somebody = await time(() => passwords.verify(stored, 'wrong', 'argon2id'))
    const nobody = await time(() => passwords.verify(undefined, 'wrong', 'argon2id'))
    expect(nobody).toBeGreaterThan(somebody / 4)
  })

  it('remembers a right password until something else is stored or the minute is over', async () => {
    // No place to run or wait: whatever is not remembered is refused.
    const { clock, passwords } = create({ maxRunning: 1, maxWaiting: 0 })
    const stored = classifyStoredPassword(await passwords.hash('right', 'argon2id'))
    expect(await passwords.verify(stored, 'right', 'argon2id')).toBe(true)
    const busy = passwords.verify(undefined, 'x', 'argon2id')
    expect(await passwords.verify(stored, 'right', 'argon2id')).toBe(true)
    await expect(passwords.verify({ ...stored, text: `${stored.text}x` }, 'right', 'argon2id')).rejects.toBeInstanceOf(
      LimiterFull,
    )
    await clock.advance(60_000)
    await expect(passwords.verify(stored, 'right', 'argon2id')).rejects.toBeInstanceOf(LimiterFull)
    await busy
  })

  it('answers the same question of many callers with one check', async () => {
    const { passwords } = create({ maxRunning: 1, maxWaiting: 0 })
    const stored = classifyStoredPassword(await passwords.hash('right', 'argon2id'))
    const answers = await Promise.all(Array.from({ length: 50 }, () => passwords.verify(stored, 'right', 'argon2id')))
    expect(new Set(answers)).toEqual(new Set([true]))
  })

  it('never runs or queues more than its bounds', async () => {
    const { passwords } = create({ maxRunning: 1, maxWaiting: 2 })
    const results = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((n) => passwords.verify(undefined, `${n}`, 'argon2id')),
    )
    expect(results.filter((result) => result.status === 'rejected')).toHaveLength(2)
  })
})
