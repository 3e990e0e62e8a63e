import { Secret, silentLogger } from '@rport/kit'
import { createFakeClock, type FakeClock } from '@rport/kit/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, DatabaseError } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createSessionStore, type SessionStore } from './session-store.ts'
import { createSessionTokens, FULL_SCOPES, type SessionClaims } from './session-token.ts'
import { createSessions, type Sessions } from './sessions.ts'

const MINUTE = 60_000
const origin = { address: '192.0.2.1', userAgent: 'test/1' }
const tokens = createSessionTokens(new Secret('a secret for tests'))

let db: Database
let clock: FakeClock
let store: SessionStore
let sessions: Sessions
let touches: number

beforeEach(async () => {
  db = await openTestDatabase()
  clock = createFakeClock()
  touches = 0
  const real = createSessionStore(db)
  store = {
    ...real,
    touch: (sessionId, use) => {
      touches += 1
      return real.touch(sessionId, use)
    },
  }
  sessions = createSessions({ store, tokens, clock, log: silentLogger })
})
afterEach(async () => {
  await sessions.close()
  await db.close()
})

async function start(username = 'ada', lifetimeMs = 10 * MINUTE): Promise<SessionClaims> {
  const verdict = await tokens.verify(await sessions.start({ username, scopes: FULL_SCOPES, lifetimeMs, origin }))
  if (!('claims' in verdict)) throw new Error(verdict.reason)
  return verdict.claims
}
const isAlive = async (claims: SessionClaims) => (await sessions.use(claims, origin)) !== undefined

describe('a session', () => {
  it('has a random id within the numbers that JSON keeps exact, and a jti of digits', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => start()))
    expect(new Set(all.map((claims) => claims.sessionId)).size).toBe(20)
    for (const { sessionId, jti } of all) {
      expect(Number.isSafeInteger(sessionId)).toBe(true)
      expect(jti).toMatch(/^\d{20,39}$/)
    }
    expect(Math.max(...all.map((claims) => claims.sessionId))).toBeGreaterThan(2 ** 45)
  })

  it('ends when it is not used', async () => {
    const claims = await start('ada', 1000)
    await clock.advance(1000)
    expect(await isAlive(claims)).toBe(false)
  })

  it('lives at least ten minutes after each use, however short it was to be', async () => {
    const claims = await start('ada', 1000)
    expect(await isAlive(claims)).toBe(true)
    for (let use = 0; use < 5; use += 1) {
      await clock.advance(10 * MINUTE - 1)
      expect(await isAlive(claims)).toBe(true)
    }
    await clock.advance(11 * MINUTE)
    expect(await isAlive(claims)).toBe(false)
  })

  it('is never shortened by its use', async () => {
    const claims = await start('ada', 24 * 60 * MINUTE)
    expect(await isAlive(claims)).toBe(true)
    await clock.advance(23 * 60 * MINUTE)
    expect(await isAlive(claims)).toBe(true)
  })

  it('is written down at most once a minute', async () => {
    const claims = await start('ada', 60 * MINUTE)
    for (let second = 0; second < 120; second += 1) {
      await clock.advance(1000)
      await sessions.use(claims, origin)
    }
    expect(touches).toBe(2)
  })

  it('shows its last use at once, and keeps it over a restart', async () => {
    const claims = await start('ada', 60 * MINUTE)
    await clock.advance(5000)
    await sessions.use(claims, { address: '192.0.2.9', userAgent: 'other/2' })
    const expected = {
      sessionId: claims.sessionId,
      lastAccessAt: clock.now(),
      userAgent: 'other/2',
      address: '192.0.2.9',
    }
    expect(await sessions.listOf('ada')).toMatchObject([expected])
    await sessions.close()
    sessions = createSessions({ store, tokens, clock, log: silentLogger })
    expect(await sessions.listOf('ada')).toMatchObject([expected])
    expect(await isAlive(claims)).toBe(true)
  })

  it.each<[string, Partial<SessionClaims>]>([
    ['another name', { username: 'bob' }],
    ['another jti', { jti: '12345' }],
    ['another id', { sessionId: 1 }],
  ])('does not answer to %s', async (_what, forged) => {
    const claims = await start()
    expect(await isAlive({ ...claims, ...forged })).toBe(false)
  })

  it('ends by itself only for its own user', async () => {
    const claims = await start('ada')
    expect(await sessions.end('bob', claims.sessionId)).toBe(false)
    expect(await isAlive(claims)).toBe(true)
    expect(await sessions.end('ada', claims.sessionId)).toBe(true)
    expect(await sessions.end('ada', claims.sessionId)).toBe(false)
    expect(await isAlive(claims)).toBe(false)
  })

  it('survives a disk that is full', async () => {
    const claims = await start('ada', 1000)
    store.touch = async () => {
      throw new DatabaseError('full', 'no room')
    }
    expect(await isAlive(claims)).toBe(true)
  })
})

describe('the sessions of a user', () => {
  it('end together, those of others live on', async () => {
    const [first, second, other] = await Promise.all([start('ada'), start('ada'), start('bob')])
    await sessions.endAllOf('ada')
    expect(await Promise.all([first, second, other].map(isAlive))).toEqual([false, false, true])
  })

  it('are listed with the one first that was used longest ago, expired ones left out', async () => {
    const first = await start('ada')
    const second = await start('ada')
    await start('ada', 500)
    await clock.advance(1000)
    await sessions.use(first, origin)
    expect((await sessions.listOf('ada')).map((session) => session.sessionId)).toEqual([
      second.sessionId,
      first.sessionId,
    ])
    expect(await sessions.listOf('nobody')).toEqual([])
  })

  it('are bounded: the one that was used longest ago makes room', async () => {
    const first = await start('ada')
    await clock.advance(1000)
    for (let batch = 0; batch < 10; batch += 1) await Promise.all(Array.from({ length: 50 }, () => start('ada')))
    expect(await isAlive(first)).toBe(false)
    expect(await sessions.listOf('ada')).toHaveLength(500)
  })

  it('are cleaned up every hour once they have expired', async () => {
    await start('ada', 1000)
    await clock.advance(60 * MINUTE)
    await db.write(async () => undefined)
    expect(await store.listOf('ada')).toEqual([])
  })
})

describe('tokens', () => {
  it('are refused when they were changed anywhere, or signed by anybody else', async () => {
    const token = await tokens.sign({ username: 'ada', sessionId: 5, scopes: FULL_SCOPES, jti: '1' })
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom('A', 'b', '.', '-', ''), async (at, replacement) => {
        const changed = token.slice(0, at) + replacement + token.slice(at + 1)
        // The last character carries two bits that are not part of the signature.
        if (changed === token || at === token.length - 1) return
        expect(await tokens.verify(changed)).toHaveProperty('reason')
      }),
      { numRuns: 150 },
    )
    expect(await createSessionTokens(new Secret('another')).verify(token)).toEqual({ reason: 'signature is invalid' })
  })

  it.each([
    ['abc', 'token contains an invalid number of segments'],
    ['', 'token contains an invalid number of segments'],
    ['a.b.c', 'token is malformed'],
    ['x'.repeat(100_000), 'token contains an invalid number of segments'],
    ['eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6ImFkbWluIn0.', 'token is malformed'],
    [
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VybmFtZSI6ImFkbWluIn0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      'signature is invalid',
    ],
  ])('are refused when they are none: %.60s', async (token, reason) => {
    expect(await tokens.verify(token)).toEqual({ reason })
  })

  it('have the header and the claims of the original', async () => {
    const token = await tokens.sign({ username: 'ada', sessionId: 5, scopes: FULL_SCOPES, jti: '17' })
    const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    expect(header).toBe('{"alg":"HS256","typ":"JWT"}')
    expect(JSON.parse(claims ?? '')).toEqual({
      username: 'ada',
      sessionID: 5,
      scopes: [
        { uri: '*', method: '*' },
        { uri: '/api/v1/verify-2fa', method: '*', exclude: true },
      ],
      jti: '17',
    })
  })
})
