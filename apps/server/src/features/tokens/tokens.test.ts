import { silentLogger } from '@rport/kit'
import { createFakeClock, type FakeClock } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { basic, createTestApp, strictConfig } from '../../http/testing/test-app.ts'
import { createTokens, type TokenService } from './index.ts'

let db: Database
let clock: FakeClock
let service: TokenService
let app: ReturnType<typeof createTestApp>['app']

beforeEach(async () => {
  db = await openTestDatabase()
  clock = createFakeClock()
  const tokens = createTokens({ db, isAdmin: ({ username }) => username === 'admin', clock, log: silentLogger })
  service = tokens.service
  app = createTestApp([tokens.routes], { config: strictConfig }).app
})
afterEach(() => db.close())

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
async function call(method: Method, path: string, body?: unknown, user = 'admin') {
  const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }
  const reply = await app.inject({ method, url: `/api/v1${path}`, headers: basic(user), ...payload })
  const parsed = reply.body === '' ? {} : JSON.parse(reply.body)
  return { status: reply.statusCode, data: parsed.data, title: parsed.errors?.[0]?.title }
}

const read = { method: 'GET', path: '/api/v1/clients' }
const create = async (body: object = {}) =>
  (await call('POST', '/me/tokens', { name: 'n', scope: 'read', ...body })).data

describe('a token', () => {
  it('is shown once and proves its owner until it expires', async () => {
    const { token, prefix, expires_at } = await create()
    expect(token).toMatch(/^[a-z0-9]{8}_[0-9a-f-]{36}$/)
    expect(Date.parse(expires_at) - clock.now()).toBe(365 * 24 * 3_600_000)
    expect(await service.judge('admin', token, read)).toMatchObject({ kind: 'accepted' })
    expect(JSON.stringify(await call('GET', '/me/tokens'))).not.toContain(token.slice(9))
    expect(JSON.stringify(await db.read.selectFrom('api_tokens').selectAll().execute())).not.toContain(token.slice(9))
    await call('PUT', `/me/tokens/${prefix}`, { expires_at: new Date(clock.now() + 1000).toISOString() })
    await clock.advance(1000)
    expect(await service.judge('admin', token, read)).toEqual({ kind: 'no-token' })
  })

  it('is nobody else’s, and half of it is nothing', async () => {
    const { token, prefix } = await create()
    const other = `${prefix}_00000000-0000-4000-8000-000000000000`
    for (const [user, text] of [
      ['limited', token],
      ['admin', other],
      ['admin', prefix],
      ['admin', token.slice(0, -1)],
      ['admin', `${token} `],
    ] as const) {
      expect(await service.judge(user, text, read)).toEqual({ kind: 'no-token' })
    }
  })

  it('is refused what its scope does not cover', async () => {
    const { token } = await create()
    expect(await service.judge('admin', token, { ...read, method: 'PUT' })).toEqual({ kind: 'out-of-scope' })
  })

  it('shows its last use when asked for, to the minute', async () => {
    const { token } = await create()
    const lastUse = async () => (await call('GET', '/me/tokens?fields[tokens]=name,last_used_at')).data
    expect(await lastUse()).toEqual([{ name: 'n', last_used_at: null }])
    await service.judge('admin', token, read)
    const at = new Date(clock.now()).toISOString().replace('.000Z', 'Z')
    await clock.advance(30_000)
    await service.judge('admin', token, read)
    expect(await lastUse()).toEqual([{ name: 'n', last_used_at: at }])
    expect(Object.keys((await call('GET', '/me/tokens')).data[0])).not.toContain('last_used_at')
  })

  it('changes its name and ends', async () => {
    const { prefix, token } = await create()
    await create({ name: 'taken' })
    expect((await call('PUT', `/me/tokens/${prefix}`, { name: 'new' })).data).toEqual({ prefix, name: 'new' })
    expect((await call('PUT', `/me/tokens/${prefix}`, {})).data).toEqual({ prefix })
    expect((await call('PUT', `/me/tokens/${prefix}`, { name: 'taken' })).title).toBe(
      'A token with the same name already exists',
    )
    expect((await call('DELETE', `/me/tokens/${prefix}`, undefined, 'limited')).status).toBe(404)
    expect((await call('DELETE', `/me/tokens/${prefix}`)).status).toBe(204)
    expect(await service.judge('admin', token, read)).toEqual({ kind: 'no-token' })
  })
})

it.each([
  ['POST', '/me/tokens', { name: 'x' }, 400, 'missing or invalid scope.'],
  ['POST', '/me/tokens', { name: 'x', scope: 'all' }, 400, 'missing or invalid scope.'],
  ['POST', '/me/tokens', { scope: 'read' }, 400, 'missing or invalid name.'],
  ['POST', '/me/tokens', { scope: 'read', name: 'ä'.repeat(125) }, 400, 'missing or invalid name.'],
  ['POST', '/me/tokens', { scope: 'read', name: 'x', expires_at: 'soon' }, 400, 'Invalid JSON data'],
  ['POST', '/me/tokens', '{', 400, 'Invalid JSON data'],
  ['PUT', '/me/tokens/abc', { name: 'z' }, 400, 'missing or invalid token prefix.'],
  ['PUT', '/me/tokens/ABCDEFGH', { name: 'z' }, 404, 'cannot find API Token by prefix ABCDEFGH'],
  ['DELETE', '/me/tokens/abc', undefined, 400, 'missing or invalid token prefix.'],
  ['DELETE', '/me/tokens/ABCDEFGH', undefined, 404, 'cannot find API Token by prefix ABCDEFGH'],
  ['GET', '/me/token', undefined, 410, 'use new token management on /me/tokens'],
  ['POST', '/me/token', {}, 410, 'use new token management on /me/tokens'],
  ['DELETE', '/me/token/abc', undefined, 410, 'use new token management on /me/tokens'],
] as const)('%s %s %j is refused', async (method, path, body, status, title) => {
  expect(await call(method, path, body)).toMatchObject({ status, title })
})

it('tokens for the credentials of agents are for administrators', async () => {
  const body = { name: 'ca', scope: 'clients-auth' }
  expect(await call('POST', '/me/tokens', body)).toMatchObject({ status: 200 })
  expect(await call('POST', '/me/tokens', body, 'limited')).toMatchObject({
    status: 400,
    title: 'current user should belong to Administrators group to create a token with this scope',
  })
})

it('a user has a bounded number of tokens', async () => {
  await db.write(async (trx) => {
    const row = { username: 'admin', scope: 'read', secret_hash: 'x', created_at: 0, expires_at: 0, last_used_at: null }
    for (let n = 0; n < 1000; n += 1)
      await trx
        .insertInto('api_tokens')
        .values({ ...row, prefix: `p${n}`, name: `n${n}` })
        .execute()
  })
  expect(await call('POST', '/me/tokens', { name: 'n', scope: 'read' })).toMatchObject({
    status: 400,
    title: 'You have 1000 API tokens already.',
  })
})
