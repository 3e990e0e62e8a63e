import { Secret, silentLogger, systemClock } from '@rport/kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createTestApp, strictConfig } from '../../http/testing/test-app.ts'
import { createPasswords, type Passwords } from '../../passwords/index.ts'
import { createPlainLogin, plainAccounts } from '../../testing/plain-accounts.ts'
import type { Login } from '../login/index.ts'
import { createTokens, type Tokens } from '../tokens/index.ts'
import {
  createAccessPolicy,
  createEmbeddedUsers,
  createStaticUsers,
  createUserGroupService,
  createUsers,
  type UserDirectory,
} from './index.ts'

const PASSWORD = 'golden-newbie-pw-1'
const [clock, log] = [systemClock, silentLogger]

let db: Database
let passwords: Passwords
let closing: Login[]

beforeEach(async () => {
  closing = []
  db = await openTestDatabase()
  passwords = createPasswords({ clock })
})
afterEach(async () => {
  for (const login of closing) await login.close()
  await db.close()
})

/** The doors of users, tokens and login on one directory. */
function open(directory: UserDirectory) {
  const accessPolicy = createAccessPolicy({ directory, userGroupsOf: () => undefined })
  const tokens: Tokens = createTokens({ db, isAdmin: accessPolicy.isAdmin, clock, log })
  const login = createPlainLogin({ db, directory, passwords, apiTokens: tokens.service, clock, log })
  closing.push(login)
  const deps = { ...plainAccounts, directory, passwords, sessions: login.sessions, log }
  const users = createUsers({ ...deps, groups: createUserGroupService(deps), tokens: tokens.service })
  const { app } = createTestApp([login.routes, users.routes, tokens.routes], {
    authenticator: login.authenticator,
    accessPolicy,
    config: strictConfig,
  })
  type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
  return async (method: Method, path: string, who: string, body?: unknown) => {
    const [name = '', secret = PASSWORD] = who.split(' ')
    const authorization =
      name === 'bearer' ? `Bearer ${secret}` : `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
    const reply = await app.inject({ method, url: `/api/v1${path}`, headers: { authorization }, ...payload })
    const parsed = reply.body === '' ? {} : JSON.parse(reply.body)
    const titles = parsed.errors?.map((error: { title: string }) => error.title)
    return { status: reply.statusCode, data: parsed.data, titles, errors: parsed.errors }
  }
}

async function openEmbedded() {
  const directory = createEmbeddedUsers({ db, clock, log })
  const password = await passwords.hash(PASSWORD, 'argon2id')
  await directory.create({
    username: 'admin',
    groups: ['Administrators'],
    password,
    passwordExpired: false,
    twoFaSendTo: '',
  })
  return open(directory)
}

describe('an administrator', () => {
  it('creates, changes and deletes a user, and nothing of it outlives the name', async () => {
    const call = await openEmbedded()
    const newbie = { username: 'newbie', password: PASSWORD, groups: ['operators'] }
    expect(await call('POST', '/users', 'admin', newbie)).toMatchObject({ status: 201 })
    expect((await call('GET', '/users', 'admin')).data).toMatchObject([
      { username: 'admin', effective_user_permissions: null },
      { username: 'newbie', groups: ['operators'], password_expired: false },
    ])
    const session = async (who: string) => (await call('GET', '/login', who)).data.token
    const makeToken = async (who: string) =>
      (await call('POST', '/me/tokens', who, { name: 'n', scope: 'read' })).data.token
    const isIn = async (who: string) => (await call('GET', '/me/tokens', who)).status

    const [first, token] = [await session('newbie'), await makeToken('newbie')]
    expect([await isIn(`bearer ${first}`), await isIn(`newbie ${token}`)]).toEqual([200, 200])
    await call('PUT', '/users/newbie', 'admin', { password: `${PASSWORD}2` })
    expect([await isIn(`bearer ${first}`), await isIn(`newbie ${token}`)]).toEqual([401, 200])

    const second = await session(`newbie ${PASSWORD}2`)
    await call('PUT', '/users/newbie', 'admin', { username: 'other' })
    expect([await isIn(`bearer ${second}`), await isIn(`newbie ${token}`), await isIn(`other ${token}`)]).toEqual([
      401, 401, 401,
    ])

    const [third, otherToken] = [await session(`other ${PASSWORD}2`), await makeToken(`other ${PASSWORD}2`)]
    await call('PUT', '/users/other', 'admin', { password_expired: true })
    expect([await isIn(`bearer ${third}`), await isIn(`other ${otherToken}`)]).toEqual([401, 401])
    expect(await call('DELETE', '/users/other', 'admin')).toMatchObject({ status: 204 })
    expect(await call('POST', '/users', 'admin', { ...newbie, username: 'other' })).toMatchObject({ status: 201 })
    expect([await isIn(`bearer ${third}`), await isIn(`other ${otherToken}`)]).toEqual([401, 401])
    expect((await call('GET', '/me/tokens', 'other')).data).toEqual([])
  })

  it.each([
    [{}, ['username is required', 'password is required']],
    [
      { username: ' x ', password: 'short' },
      ['username must not start or end with whitespace', 'Your password is too short'],
    ],
    [{ username: 'a\0b', password: PASSWORD }, ['username must not contain control characters']],
    [{ username: 'admin', password: PASSWORD }, ['Another user with this username already exists']],
    [{ username: 'x', password: 'x'.repeat(1025) }, ['Your password is too long']],
    [{ username: 'x', password: PASSWORD, groups: ['a\nb'] }, ['Invalid name of a user group.']],
    [{ username: 'x', password: PASSWORD, groups: 'a' }, ['Invalid JSON data.']],
  ])('cannot create %j', async (body, titles) => {
    const call = await openEmbedded()
    expect(await call('POST', '/users', 'admin', body)).toMatchObject({ status: 400, titles })
    expect((await call('GET', '/users', 'admin')).data).toHaveLength(1)
  })

  it.each([
    ['PUT', '/users/nobody', { groups: [] }, 404, "cannot find user by username 'nobody'"],
    ['DELETE', '/users/nobody', undefined, 404, "cannot find user by username 'nobody'"],
    ['PUT', '/users/admin', {}, 400, 'nothing to change'],
    ['PUT', '/users/admin', { two_fa_send_to: 'x' }, 400, 'nothing to change'],
    [
      'PUT',
      '/users/admin',
      { groups: [] },
      400,
      'The last administrator cannot be deleted or leave the group Administrators.',
    ],
    [
      'DELETE',
      '/users/admin',
      undefined,
      400,
      'The last administrator cannot be deleted or leave the group Administrators.',
    ],
    [
      'DELETE',
      '/user-groups/Administrators',
      undefined,
      400,
      'The last administrator cannot be deleted or leave the group Administrators.',
    ],
    ['DELETE', '/users/admin/sessions/abc', undefined, 400, 'unable to parse session ID "abc" for user "admin"'],
    [
      'PUT',
      '/user-groups/a',
      { tunnels_restricted: { x: 1 } },
      400,
      'Invalid restriction: tunnels_restricted has no key "x"; it has local, remote, scheme, acl, protocol, ' +
        'idle-timeout-minutes, auto-close, skip-idle-timeout, http_proxy, auth_allowed, host_header',
    ],
  ] as const)('is refused %s %s %j', async (method, path, body, status, title) => {
    const call = await openEmbedded()
    expect(await call(method, path, 'admin', body)).toMatchObject({ status, titles: [title] })
  })

  it('describes user groups; those that nobody described grant nothing', async () => {
    const call = await openEmbedded()
    const body = { permissions: { tunnels: true }, tunnels_restricted: { Protocol: ['tcp'] } }
    const saved = await call('PUT', '/user-groups/ops', 'admin', body)
    expect(saved.data).toMatchObject({
      name: 'ops',
      permissions: { tunnels: true, vault: false },
      tunnels_restricted: { protocol: ['tcp'] },
      commands_restricted: null,
    })
    expect((await call('GET', '/user-groups/ops', 'admin')).data).toEqual(saved.data)
    expect((await call('GET', '/user-groups/none', 'admin')).data.permissions.tunnels).toBe(false)
    const names = (await call('GET', '/user-groups', 'admin')).data.map((group: { name: string }) => group.name)
    expect(names).toEqual(['ops', 'Administrators'])
    const flying = await call('PUT', '/user-groups/ops', 'admin', { permissions: { flying: true } })
    expect(flying.errors[0].detail).toBe('invalid permission: flying')
    expect(await call('DELETE', '/user-groups/ops', 'admin')).toMatchObject({ status: 204 })
  })

  it('sees and ends the sessions of others', async () => {
    const call = await openEmbedded()
    const { token } = (await call('GET', '/login', 'admin')).data
    const [session] = (await call('GET', '/users/admin/sessions', 'admin')).data
    expect(session).toMatchObject({ username: 'admin', ip_address: '127.0.0.1' })
    await call('DELETE', `/users/other/sessions/${session.session_id}`, 'admin')
    expect((await call('GET', '/me/tokens', `bearer ${token}`)).status).toBe(200)
    await call('DELETE', `/users/admin/sessions/${session.session_id}`, 'admin')
    expect((await call('GET', '/me/tokens', `bearer ${token}`)).status).toBe(401)
    expect((await call('GET', '/users/admin/sessions', 'admin')).data).toEqual([])
  })
})

it('the one user of the configuration administrates nobody', async () => {
  const call = open(createStaticUsers({ username: 'solo', password: new Secret(PASSWORD) }))
  const title = 'server runs on a static user-password pair, please use JSON file or database for user data'
  for (const [method, path, body] of [
    ['GET', '/users', undefined],
    ['POST', '/users', { username: 'a', password: PASSWORD }],
    ['PUT', '/users/solo', { groups: [] }],
    ['DELETE', '/users/solo', undefined],
    ['GET', '/user-groups/Administrators', undefined],
    ['PUT', '/user-groups/x', {}],
    ['DELETE', '/user-groups/x', undefined],
  ] as const) {
    expect(await call(method, path, 'solo', body)).toMatchObject({ status: 400, titles: [title] })
  }
  expect((await call('GET', '/user-groups', 'solo')).titles).toEqual([
    "The single user authentication doesn't support this feature.",
  ])
})
