import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { describe, expect, it } from 'vitest'
import { createLockout, type LockoutOptions } from './lockout.ts'

const create = (extra: Partial<LockoutOptions> = {}) => {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  return { clock, log, lockout: createLockout({ waitMs: 2000, maxFailed: 4, banMs: 3000, clock, log, ...extra }) }
}

describe('the pause after a failed login', () => {
  it('holds for the name at the address, and ends by itself', async () => {
    const { clock, lockout } = create()
    lockout.loginFailed('ada', '192.0.2.1')
    expect(lockout.isPaused('ada', '192.0.2.1')).toBe(true)
    expect(lockout.isPaused('ada', '192.0.2.2')).toBe(false)
    expect(lockout.isPaused('bob', '192.0.2.1')).toBe(false)
    await clock.advance(2000)
    expect(lockout.isPaused('ada', '192.0.2.1')).toBe(false)
  })

  it('holds for callers without a name at their address alone', () => {
    const { lockout } = create()
    lockout.loginFailed('', '192.0.2.1')
    expect(lockout.isPaused('', '192.0.2.1')).toBe(true)
    expect(lockout.isPaused('', '192.0.2.2')).toBe(false)
  })

  it('is switched off by 0', () => {
    const { lockout } = create({ waitMs: 0 })
    for (let n = 0; n < 50; n += 1) lockout.loginFailed('ada', `192.0.2.${n}`)
    expect(lockout.isPaused('ada', '192.0.2.1')).toBe(false)
  })

  it('slows a name that many addresses guess, but not where it has logged in before', async () => {
    const { clock, lockout } = create()
    lockout.loginSucceeded('ada', '192.0.2.1')
    for (let n = 0; n < 30; n += 1) lockout.loginFailed('ada', `198.51.100.${n}`)
    expect(lockout.isPaused('ada', '203.0.113.1')).toBe(true)
    expect(lockout.isPaused('ada', '192.0.2.1')).toBe(false)
    expect(lockout.isPaused('bob', '203.0.113.1')).toBe(false)
    await clock.advance(2000)
    expect(lockout.isPaused('ada', '203.0.113.1')).toBe(false)
  })
})

describe('the ban of an address', () => {
  it('comes with the failures in a row, holds for its time, and starts to count anew', async () => {
    const { clock, lockout } = create()
    for (const name of ['a', 'b', 'c']) lockout.loginFailed(name, '192.0.2.1')
    expect(lockout.isBanned('192.0.2.1')).toBe(false)
    lockout.failed('192.0.2.1')
    expect(lockout.isBanned('192.0.2.1')).toBe(true)
    expect(lockout.isBanned('192.0.2.2')).toBe(false)
    await clock.advance(3000)
    expect(lockout.isBanned('192.0.2.1')).toBe(false)
    lockout.failed('192.0.2.1')
    expect(lockout.isBanned('192.0.2.1')).toBe(false)
  })

  it('does not come when a success lies between the failures', () => {
    const { lockout } = create()
    for (let n = 0; n < 10; n += 1) {
      for (const name of ['a', 'b', 'c']) lockout.loginFailed(name, '192.0.2.1')
      lockout.loginSucceeded('a', '192.0.2.1')
    }
    expect(lockout.isBanned('192.0.2.1')).toBe(false)
  })

  it('does not come for failures that lie hours apart', async () => {
    const { clock, lockout } = create()
    for (let n = 0; n < 10; n += 1) {
      lockout.failed('192.0.2.1')
      await clock.advance(3_600_000)
    }
    expect(lockout.isBanned('192.0.2.1')).toBe(false)
  })

  it.each([{ maxFailed: 0 }, { banMs: 0 }])('is switched off by %j', (extra) => {
    const { lockout } = create(extra)
    for (let n = 0; n < 50; n += 1) lockout.failed('192.0.2.1')
    expect(lockout.isBanned('192.0.2.1')).toBe(false)
  })

  it('covers the whole IPv6 network of the caller, and IPv4 in any spelling', () => {
    const { lockout } = create()
    for (let n = 1; n <= 4; n += 1) lockout.failed(`2001:db8::${n}`)
    expect(lockout.isBanned('2001:db8:0:0:ffff::1')).toBe(true)
    expect(lockout.isBanned('2001:db8:0:1::1')).toBe(false)
    for (let n = 1; n <= 4; n += 1) lockout.failed('::ffff:192.0.2.1')
    expect(lockout.isBanned('192.0.2.1')).toBe(true)
  })

  it('is not moved by a clock that is set', () => {
    const { clock, lockout } = create()
    for (let n = 0; n < 4; n += 1) lockout.failed('192.0.2.1')
    clock.jump(86_400_000)
    expect(lockout.isBanned('192.0.2.1')).toBe(true)
  })
})

describe('the memory of the lock-out', () => {
  it('is bounded, whatever names and addresses are tried', () => {
    const { lockout } = create({ maxEntries: 10, maxFailed: 1 })
    for (let n = 0; n < 20; n += 1) lockout.loginFailed('x'.repeat(10_000) + n, `192.0.2.${n}`)
    expect(lockout.isBanned('192.0.2.0')).toBe(false)
    expect(lockout.isBanned('192.0.2.19')).toBe(true)
    expect(lockout.isPaused(`${'x'.repeat(10_000)}19`, '192.0.2.19')).toBe(true)
    expect(lockout.isPaused(`${'x'.repeat(10_000)}18`, '192.0.2.19')).toBe(false)
  })

  it('writes lines that other programs can act on', () => {
    const { lockout, log } = create({ maxFailed: 2 })
    lockout.loginFailed('ada', '192.0.2.1')
    lockout.loginFailed('', '192.0.2.1')
    expect(log.lines).toEqual([
      { level: 'info', message: 'login failed', fields: { address: '192.0.2.1', username: 'ada' } },
      {
        level: 'warn',
        message: 'address banned after failed logins',
        fields: { address: '192.0.2.1', failures: 2, banMs: 3000 },
      },
    ])
  })
})
