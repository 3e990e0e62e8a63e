import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Secret, silentLogger, systemClock } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openExternalSqlite } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createTestApp, strictConfig } from '../../http/testing/test-app.ts'
import { createPasswords } from '../../passwords/index.ts'
import { createPlainLogin, plainAccounts } from '../../testing/plain-accounts.ts'
import { createMeService, meRoutes } from '../me/index.ts'
import {
  createAccessPolicy,
  createEmbeddedUsers,
  createStaticUsers,
  openTableUsers,
  type UserDirectory,
} from '../users/index.ts'
import { createLockout, type LockoutOptions } from './lockout.ts'

const RIGHT = 'golden-admin-pw-1'
const HASH = '$2y$05$abcdefghijklmnopqrstuunleTJJUOfpmR9Lj3t./1GPP37TCQxji'

type Extra = Partial<Pick<LockoutOptions, 'waitMs' | 'maxFailed' | 'banMs'>>
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** An API with logging in and the own account on a directory of users. */
async function build(
  open: (deps: { db: Awaited<ReturnType<typeof openTestDatabase>> }) => Promise<UserDirectory>,
  extra: Extra = {},
) {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const db = await openTestDatabase()
  const directory = await open({ db })
  const passwords = createPasswords({ clock })
  const lockout = createLockout({ waitMs: 0, maxFailed: 1000, banMs: 1000, clock, log, ...extra })
  const login = createPlainLogin({ db, directory, passwords, lockout, maxTokenLifetimeHours: 720, clock, log })
  const { sessions, credentials } = login
  const apiTokens = { deleteAllOf: async () => undefined }
  const me = createMeService({ ...plainAccounts, apiTokens, directory, credentials, passwords, sessions, log })
  const { app } = createTestApp([login.routes, meRoutes(me)], {
    authenticator: login.authenticator,
    accessPolicy: createAccessPolicy({ directory, userGroupsOf: () => undefined }),
    bans: lockout,
    log,
    config: strictConfig,
  })
  cleanups.push(
    () => db.close(),
    () => login.close(),
    () => app.close(),
  )

  const call = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    options: { auth?: string; body?: object; from?: string } = {},
  ) => {
    const headers = {
      ...(options.auth === undefined ? {} : { authorization: options.auth }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.from === undefined ? {} : { 'x-forwarded-for': options.from }),
    }
    const payload = options.body === undefined ? {} : { payload: JSON.stringify(options.body) }
    const reply = await app.inject({ method, url: `/api/v1${url}`, headers, ...payload })
    const json = reply.headers['content-type']?.toString().startsWith('application/json') ? reply.json() : undefined
    return {
      status: reply.statusCode,
      data: json?.data,
      title: json?.errors?.[0]?.title ?? reply.body,
      detail: json?.errors?.[0]?.detail,
    }
  }
  const tokenOf = async (username = 'admin', password = RIGHT, query = '') => {
    const { data } = await call('POST', `/login${query}`, { body: { username, password } })
    return `Bearer ${data.token}`
  }
  return { clock, log, db, directory, lockout, sessions, call, tokenOf }
}

const basic = (name = 'admin', password = RIGHT) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

const embedded = async ({ db }: { db: Awaited<ReturnType<typeof openTestDatabase>> }) => {
  const users = createEmbeddedUsers({ db, clock: systemClock, log: silentLogger })
  const base = { password: HASH, twoFaSendTo: '' }
  await users.create({ ...base, username: 'admin', groups: ['Administrators'], passwordExpired: false })
  await users.create({ ...base, username: 'plain', groups: [], passwordExpired: false })
  await users.create({ ...base, username: 'expired', groups: [], passwordExpired: true })
  return users
}

type Server = Awaited<ReturnType<typeof build>>
let server: Server

describe('logging in', () => {
  beforeEach(async () => {
    server = await build(embedded)
  })

  it('works with basic, with a body, and with a form; the token opens what the password opens', async () => {
    const byBasic = await server.call('GET', '/login', { auth: basic() })
    expect(byBasic).toMatchObject({
      status: 200,
      data: { token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/), two_fa: null },
    })
    const auth = await server.tokenOf()
    expect(await server.call('GET', '/me/ip', { auth })).toMatchObject({ status: 200, data: { ip: '127.0.0.1' } })
    expect(await server.call('GET', '/me/ip', { auth: auth.replace('Bearer', 'bearer') })).toMatchObject({
      status: 200,
    })
    expect(await server.call('GET', '/me/ip', { auth: basic() })).toMatchObject({ status: 200 })
  })

  it.each([
    ['GET', '/login', undefined, undefined, 401, 'auth is required'],
    ['GET', '/login', 'Bearer abc', undefined, 401, 'auth is required'],
    ['GET', '/login', basic('admin', 'nope'), undefined, 401, 'unauthorized'],
    ['GET', '/login', basic('ghost', 'nope'), undefined, 401, 'unauthorized'],
    ['GET', '/login', basic('', 'nope'), undefined, 401, 'username is required'],
    ['GET', '/login', basic('expired'), undefined, 401, 'password has expired, please change your password'],
    ['POST', '/login', undefined, { username: '', password: 'x' }, 401, 'username is required'],
    ['POST', '/login', undefined, { username: 'admin', password: 'x' }, 401, 'unauthorized'],
    [
      'POST',
      '/login',
      undefined,
      { username: 'expired', password: RIGHT },
      401,
      'password has expired, please change your password',
    ],
    ['GET', '/me/ip', undefined, undefined, 401, 'unauthorized'],
    ['GET', '/me/ip', basic('admin', 'wrong'), undefined, 401, 'unauthorized'],
    ['GET', '/me/ip', basic('ghost', 'wrong'), undefined, 401, 'unauthorized'],
    ['GET', '/me/ip', basic('expired'), undefined, 401, 'password has expired, please change your password'],
    ['GET', '/me/ip', 'Bearer abc', undefined, 401, 'unauthorized'],
    ['DELETE', '/logout', undefined, undefined, 400, 'authorization Bearer token required'],
    ['DELETE', '/logout', basic(), undefined, 400, 'authorization Bearer token required'],
    [
      'DELETE',
      '/logout',
      'Bearer abc',
      undefined,
      400,
      'token is invalid: token contains an invalid number of segments',
    ],
  ] as const)('%s %s with %s and %j is refused', async (method, path, auth, body, status, title) => {
    const reply = await server.call(method, path, { ...(auth ? { auth } : {}), ...(body ? { body } : {}) })
    expect(reply).toMatchObject({ status, title })
  })

  it.each([
    ['abc', 'invalid token-lifetime : expected a whole number of seconds, found "abc"'],
    ['7776001', 'requested token lifetime exceeds max allowed 7776000'],
    ['0x10', 'invalid token-lifetime : expected a whole number of seconds, found "0x10"'],
    ['1e3', 'invalid token-lifetime : expected a whole number of seconds, found "1e3"'],
  ])('a lifetime of %s is refused, after the credentials were found right', async (text, title) => {
    expect(await server.call('GET', `/login?token-lifetime=${text}`, { auth: basic() })).toMatchObject({
      status: 400,
      title,
    })
    expect(await server.call('GET', `/login?token-lifetime=${text}`, { auth: basic('admin', 'x') })).toMatchObject({
      status: 401,
    })
  })

  it.each(['', '0', '-5', '7776000', '3600'])('a lifetime of %j is accepted', async (text) => {
    expect(await server.call('GET', `/login?token-lifetime=${text}`, { auth: basic() })).toMatchObject({ status: 200 })
  })

  it('ends a session that is not used, and extends one that is', async () => {
    const unused = await server.tokenOf('admin', RIGHT, '?token-lifetime=1')
    const used = await server.tokenOf('admin', RIGHT, '?token-lifetime=1')
    expect(await server.call('GET', '/me/ip', { auth: used })).toMatchObject({ status: 200 })
    await server.clock.advance(1600)
    expect(await server.call('GET', '/me/ip', { auth: used })).toMatchObject({ status: 200 })
    expect(await server.call('GET', '/me/ip', { auth: unused })).toMatchObject({ status: 401, title: 'unauthorized' })
  })

  it('out ends the session at once and for good', async () => {
    const auth = await server.tokenOf()
    const other = await server.tokenOf()
    expect(await server.call('DELETE', '/logout', { auth })).toMatchObject({ status: 204 })
    expect(await server.call('GET', '/me/ip', { auth })).toMatchObject({ status: 401, title: 'unauthorized' })
    expect(await server.call('DELETE', '/logout', { auth })).toMatchObject({
      status: 400,
      title: 'token is invalid or expired',
    })
    expect(await server.call('GET', '/me/ip', { auth: other })).toMatchObject({ status: 200 })
  })

  it('with a new password replaces an expired one, and ends what the old one opened', async () => {
    const before = await server.tokenOf()
    const short = { username: 'expired', password: RIGHT, new_password: 'short' }
    expect(await server.call('POST', '/login', { body: short })).toMatchObject({
      status: 400,
      title: 'Your password is too short',
      detail: 'password must be at least 14 characters',
    })
    const body = { username: 'expired', password: RIGHT, new_password: 'golden-renewed-pw-22' }
    expect(await server.call('POST', '/login', { body })).toMatchObject({ status: 200 })
    expect(await server.call('GET', '/me/ip', { auth: basic('expired', 'golden-renewed-pw-22') })).toMatchObject({
      status: 200,
    })
    expect(await server.call('GET', '/me/ip', { auth: basic('expired', RIGHT) })).toMatchObject({ status: 401 })
    const again = { username: 'admin', password: RIGHT, new_password: 'golden-renewed-pw-33' }
    expect(await server.call('POST', '/login', { body: again })).toMatchObject({ status: 200 })
    expect(await server.call('GET', '/me/ip', { auth: before })).toMatchObject({ status: 401 })
  })

  it('refused for its lifetime changes no password', async () => {
    const body = { username: 'expired', password: RIGHT, new_password: 'golden-renewed-pw-22' }
    expect(await server.call('POST', '/login?token-lifetime=x', { body })).toMatchObject({ status: 400 })
    expect(await server.directory.find('expired')).toMatchObject({ passwordExpired: true })
  })

  it('stores an inherited hash anew, as argon2id', async () => {
    await server.tokenOf()
    expect((await server.directory.find('admin'))?.password.kind).toBe('argon2id')
    expect(await server.call('GET', '/me/ip', { auth: basic() })).toMatchObject({ status: 200 })
  })

  it('needs the account to be there and not expired, at every request', async () => {
    const auth = await server.tokenOf('plain')
    await server.directory.update('plain', { passwordExpired: true })
    expect(await server.call('GET', '/me/ip', { auth })).toMatchObject({
      status: 401,
      title: 'password has expired, please change your password',
    })
    await server.directory.update('plain', { passwordExpired: false })
    expect(await server.call('GET', '/me/ip', { auth })).toMatchObject({ status: 401, title: 'unauthorized' })
    const second = await server.tokenOf('plain')
    await server.db.write((trx) => trx.deleteFrom('users').where('username', '=', 'plain').execute())
    expect(await server.call('GET', '/me/ip', { auth: second })).toMatchObject({
      status: 401,
      title: 'unauthorized access',
    })
  })

  it('tells everybody how it is done', async () => {
    expect(await server.call('GET', '/auth/provider')).toMatchObject({
      status: 200,
      data: { auth_provider: 'built-in', settings_uri: '', device_settings_uri: '', max_token_lifetime: 720 },
    })
  })

  it('leaves no password and no token in the log', async () => {
    const auth = await server.tokenOf()
    await server.call('GET', '/me/ip', { auth: basic('admin', 'a-wrong-password') })
    await server.call('POST', '/login', {
      body: { username: 'plain', password: RIGHT, new_password: 'golden-renewed-pw-22' },
    })
    for (const secret of [auth.slice(7), RIGHT, 'a-wrong-password', 'golden-renewed-pw-22', '$argon2id', '$2y$']) {
      expect(server.log.text()).not.toContain(secret)
    }
  })
})

describe('guessing', () => {
  const lockedOut = { waitMs: 2000, maxFailed: 4, banMs: 3000 }
  beforeEach(async () => {
    server = await build(embedded, lockedOut)
  })

  it('pauses the name at the address, for basic and login alike', async () => {
    const from = '203.0.113.20'
    expect(await server.call('GET', '/me/ip', { auth: basic('admin', 'x'), from })).toMatchObject({ status: 401 })
    const paused = { status: 429, title: 'too many requests, please try later' }
    expect(await server.call('GET', '/me/ip', { auth: basic(), from })).toMatchObject(paused)
    expect(await server.call('GET', '/login', { auth: basic(), from })).toMatchObject(paused)
    expect(await server.call('GET', '/me/ip', { auth: basic(), from: '203.0.113.21' })).toMatchObject({ status: 200 })
    await server.clock.advance(2000)
    expect(await server.call('GET', '/me/ip', { auth: basic(), from })).toMatchObject({ status: 200 })
  })

  it('pauses callers without credentials at their address alone', async () => {
    expect(await server.call('GET', '/me/ip', { from: '203.0.113.22' })).toMatchObject({ status: 401 })
    expect(await server.call('GET', '/me/ip', { from: '203.0.113.22' })).toMatchObject({ status: 429 })
    expect(await server.call('GET', '/me/ip', { from: '203.0.113.23' })).toMatchObject({ status: 401 })
  })

  it('never disturbs a session that lives, from whatever address it goes on', async () => {
    const auth = await server.tokenOf()
    for (let n = 0; n < 30; n += 1)
      await server.call('GET', '/me/ip', { auth: basic('admin', 'x'), from: `198.51.100.${n}` })
    expect(await server.call('GET', '/me/ip', { auth, from: '198.51.100.200' })).toMatchObject({ status: 200 })
    expect(await server.call('GET', '/me/ip', { auth: basic(), from: '198.51.100.200' })).toMatchObject({ status: 429 })
    expect(await server.call('GET', '/me/ip', { auth: basic() })).toMatchObject({ status: 200 })
  })

  it('bans the address from every route, for a while', async () => {
    const from = '203.0.113.30'
    for (const name of ['user1', 'user2', 'user3', 'user4']) {
      expect(await server.call('GET', '/me/ip', { auth: basic(name, 'x'), from })).toMatchObject({ status: 401 })
    }
    const banned = { status: 423, title: 'Too many bad attempts. Please try later.\n' }
    expect(await server.call('GET', '/me/ip', { auth: basic(), from })).toMatchObject(banned)
    expect(await server.call('GET', '/auth/provider', { from })).toMatchObject(banned)
    expect(await server.call('GET', '/me/ip', { auth: basic(), from: '203.0.113.31' })).toMatchObject({ status: 200 })
    await server.clock.advance(3000)
    expect(await server.call('GET', '/me/ip', { auth: basic(), from })).toMatchObject({ status: 200 })
  })

  it('gains nothing by a hundred attempts at once', async () => {
    const from = '203.0.113.40'
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        server.call('GET', '/me/ip', { auth: basic(`user${n % 50}`, `guess${n}`), from }),
      ),
    )
    expect(replies.filter((reply) => reply.status === 401)).toHaveLength(4)
  })

  it('with tokens that have ended counts against nobody', async () => {
    const auth = await server.tokenOf()
    await server.call('DELETE', '/logout', { auth })
    for (let n = 0; n < 20; n += 1) expect(await server.call('GET', '/me/ip', { auth })).toMatchObject({ status: 401 })
    expect(await server.call('GET', '/me/ip', { auth: basic() })).toMatchObject({ status: 200 })
  })

  it('the old password through a session counts like a login', async () => {
    const auth = await server.tokenOf()
    const body = { password: 'golden-changed-pw-22', old_password: 'guess' }
    expect(await server.call('PUT', '/me', { auth, body })).toMatchObject({
      status: 403,
      title: 'Incorrect old password.',
    })
    expect(await server.call('PUT', '/me', { auth, body })).toMatchObject({ status: 429 })
    expect(await server.call('GET', '/me', { auth })).toMatchObject({ status: 200 })
  })
})

describe('the user of the configuration', () => {
  it('logs in, and cannot change its password', async () => {
    server = await build(async () => createStaticUsers({ username: 'admin', password: new Secret(RIGHT) }))
    const auth = await server.tokenOf()
    expect(await server.call('GET', '/me/ip', { auth })).toMatchObject({ status: 200 })
    const title = "The single user authentication doesn't support this operation."
    const login = { username: 'admin', password: RIGHT, new_password: 'golden-renewed-pw-22' }
    expect(await server.call('POST', '/login', { body: login })).toMatchObject({ status: 400, title })
    const change = { password: 'golden-changed-pw-22', old_password: RIGHT }
    expect(await server.call('PUT', '/me', { auth, body: change })).toMatchObject({ status: 400, title })
  })
})

describe('users in tables of the original', () => {
  it('keep working with the original: passwords become $2y$ hashes and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rport-login-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'users.db')
    const raw = new DatabaseSync(file)
    raw.exec(`CREATE TABLE users (username TEXT PRIMARY KEY, password TEXT, password_expired INT);
      CREATE TABLE groups (username TEXT, \`group\` TEXT);
      INSERT INTO users VALUES ('limited', 'golden-limited-pw-1', 0), ('admin', '${HASH}', 0);`)
    server = await build(async () => {
      const database = openExternalSqlite({ file, log: silentLogger, clock: systemClock })
      cleanups.push(() => database.close())
      const names = {
        userTable: 'users',
        groupTable: 'groups',
        groupDetailsTable: undefined,
        withTwoFaSendTo: false,
        withTotpSecret: false,
      }
      return openTableUsers({ database, ...names, log: silentLogger })
    })
    const stored = (name: string) =>
      String(raw.prepare('select password from users where username = ?').get(name)?.['password'])
    await server.tokenOf('limited', 'golden-limited-pw-1')
    expect(stored('limited')).toMatch(/^\$2y\$10\$/)
    await server.tokenOf('admin', RIGHT)
    expect(stored('admin')).toBe(HASH)
    const long = { username: 'limited', password: 'golden-limited-pw-1', new_password: 'x'.repeat(73) }
    expect(await server.call('POST', '/login', { body: long })).toMatchObject({
      status: 400,
      title: 'Your password is too long',
    })
    raw.close()
  })
})
