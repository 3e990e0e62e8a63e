import { silentLogger, systemClock } from '@rport/kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createTestApp, strictConfig } from '../../http/testing/test-app.ts'
import { createPasswords } from '../../passwords/index.ts'
import { createPlainLogin, plainAccounts } from '../../testing/plain-accounts.ts'
import type { Login } from '../login/index.ts'
import { createEmbeddedUsers } from '../users/index.ts'
import { createMeService, meRoutes } from './index.ts'

const OLD = 'golden-changer-pw-1'
const NEW = 'golden-changed-pw-22'

let db: Database
let login: Login
let app: ReturnType<typeof createTestApp>['app']

beforeEach(async () => {
  db = await openTestDatabase()
  const [clock, log] = [systemClock, silentLogger]
  const directory = createEmbeddedUsers({ db, clock, log })
  const passwords = createPasswords({ clock })
  const password = await passwords.hash(OLD, 'argon2id')
  const base = { password, passwordExpired: false, twoFaSendTo: '' }
  await directory.create({ ...base, username: 'changer', groups: ['operators'] })
  await directory.create({ ...base, username: 'admin', groups: ['Administrators'] })
  await directory.create({ ...base, username: 'nogroup', groups: [] })
  const details = {
    name: 'operators',
    permissions: '{"tunnels":true}',
    tunnels_restricted: '',
    commands_restricted: '',
  }
  await db.write((trx) => trx.insertInto('group_details').values(details).execute())
  login = createPlainLogin({ db, directory, passwords, clock, log })
  const { sessions, credentials, authenticator } = login
  const apiTokens = { deleteAllOf: async () => undefined }
  const me = createMeService({ ...plainAccounts, apiTokens, directory, credentials, passwords, sessions, log })
  app = createTestApp([login.routes, meRoutes(me)], { authenticator, config: strictConfig }).app
})
afterEach(async () => {
  await app.close()
  await login.close()
  await db.close()
})

const basic = (name: string, password = OLD) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

async function call(method: 'GET' | 'PUT' | 'POST', url: string, authorization: string, body?: object) {
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
  const headers = {
    ...(authorization === '' ? {} : { authorization }),
    ...(body ? { 'content-type': 'application/json' } : {}),
  }
  const reply = await app.inject({ method, url: `/api/v1${url}`, headers, ...payload })
  const json = reply.body === '' ? undefined : reply.json()
  return { status: reply.statusCode, data: json?.data, title: json?.errors?.[0]?.title }
}
const put = (body: object, auth = basic('changer')) => call('PUT', '/me', auth, body)

describe('GET /me', () => {
  it('shows groups and what they grant, in the words of the original', async () => {
    const none = { tunnels_restricted: null, commands_restricted: null }
    expect((await call('GET', '/me', basic('changer'))).data).toEqual({
      username: 'changer',
      password_expired: false,
      groups: ['operators'],
      two_fa_send_to: '',
      effective_user_permissions: {
        tunnels: true,
        scripts: false,
        commands: false,
        vault: false,
        scheduler: false,
        monitoring: false,
        uploads: false,
        auditlog: false,
      },
      effective_extended_permissions: none,
      group_permissions_enabled: true,
    })
    expect((await call('GET', '/me', basic('nogroup'))).data).toMatchObject({ groups: null })
    const admin = (await call('GET', '/me', basic('admin'))).data.effective_user_permissions
    expect(Object.values(admin)).toEqual(Array.from({ length: 8 }, () => true))
  })
})

describe('PUT /me', () => {
  it.each([
    [{}, 400, 'nothing to change'],
    [{ username: '', password: '', two_fa_send_to: '' }, 400, 'nothing to change'],
    [{ username: 'changer' }, 400, 'nothing to change'],
    [{ two_fa_send_to: 'someone@example.com' }, 400, 'nothing to change'],
    [{ password: NEW }, 403, 'Missing old password.'],
    [{ password: NEW, old_password: 'nope' }, 403, 'Incorrect old password.'],
    [{ password: 'short', old_password: OLD }, 400, 'Your password is too short'],
    [{ username: ' changer2' }, 400, 'username must not start or end with whitespace'],
    [{ username: 'chan\nger' }, 400, 'username must not contain control characters'],
    [{ username: 'admin' }, 400, 'Another user with this username already exists'],
  ])('refuses %j and changes nothing', async (body, status, title) => {
    expect(await put(body)).toMatchObject({ status, title })
    expect(await call('GET', '/me', basic('changer'))).toMatchObject({ status: 200 })
  })

  it('takes a new password at once and ends every session of the account', async () => {
    const { data } = await call('POST', '/login', '', { username: 'changer', password: OLD })
    const other = await call('POST', '/login', '', { username: 'admin', password: OLD })
    expect(await put({ password: NEW, old_password: OLD })).toMatchObject({ status: 204 })
    expect(await call('GET', '/me', basic('changer'))).toMatchObject({ status: 401 })
    expect(await call('GET', '/me', basic('changer', NEW))).toMatchObject({ status: 200 })
    expect(await call('GET', '/me', `Bearer ${data.token}`)).toMatchObject({ status: 401, title: 'unauthorized' })
    expect(await call('GET', '/me', `Bearer ${other.data.token}`)).toMatchObject({ status: 200 })
  })

  it('renames, takes the groups along, and leaves no session to whoever takes the old name', async () => {
    const { data } = await call('POST', '/login', '', { username: 'changer', password: OLD })
    expect(await put({ username: 'changer2' })).toMatchObject({ status: 204 })
    expect(await call('GET', '/me', basic('changer2'))).toMatchObject({ data: { groups: ['operators'] } })
    expect(await put({ username: 'changer' }, basic('admin'))).toMatchObject({ status: 204 })
    expect(await call('GET', '/me', `Bearer ${data.token}`)).toMatchObject({ status: 401 })
  })

  it('changes name and password together or not at all', async () => {
    const both = { username: 'admin', password: NEW, old_password: OLD }
    expect(await put(both)).toMatchObject({ status: 400 })
    expect(await call('GET', '/me', basic('changer'))).toMatchObject({ status: 200 })
    expect(await put({ ...both, username: 'changed' })).toMatchObject({ status: 204 })
    expect(await call('GET', '/me', basic('changed', NEW))).toMatchObject({ status: 200 })
  })
})
