import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { silentLogger, systemClock } from '@rport/kit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Database, openExternalSqlite } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createTestApp } from '../../http/testing/test-app.ts'
import { createPasswords } from '../../passwords/index.ts'
import { createPlainLogin } from '../../testing/plain-accounts.ts'
import { createTokens } from '../tokens/index.ts'
import {
  createAccessPolicy,
  createEmbeddedUsers,
  openFileUsers,
  openTableUsers,
  type UserDirectory,
} from '../users/index.ts'

const PASSWORD = 'golden-admin-pw-1'
const NEW_PASSWORD = 'golden-admin-pw-2'
const HASH = '$2y$05$abcdefghijklmnopqrstuunleTJJUOfpmR9Lj3t./1GPP37TCQxji'
const [clock, log] = [systemClock, silentLogger]

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rport-expired-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  return folder
}

async function embedded(db: Database): Promise<UserDirectory> {
  const directory = createEmbeddedUsers({ db, clock, log })
  const user = { username: 'admin', groups: ['Administrators'], password: HASH, twoFaSendTo: '' }
  await directory.create({ ...user, passwordExpired: false })
  return directory
}

async function file(): Promise<UserDirectory> {
  const path = join(newFolder(), 'users.json')
  writeFileSync(path, JSON.stringify([{ username: 'admin', password: HASH, groups: ['Administrators'] }]))
  return openFileUsers({ path, clock, log })
}

async function tables(): Promise<UserDirectory> {
  const path = join(newFolder(), 'users.sqlite3')
  const raw = new DatabaseSync(path)
  raw.exec(`
    create table people (username text primary key, password text, password_expired boolean not null default 0);
    create table memberships (username text, "group" text);
    insert into people (username, password) values ('admin', '${HASH}');
    insert into memberships values ('admin', 'Administrators');
  `)
  raw.close()
  const database = openExternalSqlite({ file: path, clock, log })
  cleanups.push(() => database.close())
  const names = { userTable: 'people', groupTable: 'memberships', groupDetailsTable: undefined }
  return openTableUsers({ database, ...names, withTwoFaSendTo: false, withTotpSecret: false, log })
}

/** The door with logging in and tokens on a directory. */
async function open(openDirectory: (db: Database) => Promise<UserDirectory>) {
  const db = await openTestDatabase()
  cleanups.push(() => db.close())
  const directory = await openDirectory(db)
  const accessPolicy = createAccessPolicy({ directory, userGroupsOf: () => undefined })
  const tokens = createTokens({ db, isAdmin: accessPolicy.isAdmin, clock, log })
  const passwords = createPasswords({ clock })
  const login = createPlainLogin({ db, directory, passwords, apiTokens: tokens.service, clock, log })
  cleanups.push(() => login.close())
  const { app } = createTestApp([login.routes, tokens.routes], { authenticator: login.authenticator, accessPolicy })
  const call = async (method: 'GET' | 'POST', path: string, authorization: string, body?: object) => {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
    const reply = await app.inject({ method, url: `/api/v1${path}`, headers, ...payload })
    return { status: reply.statusCode, data: reply.json().data }
  }
  return { directory, call }
}

const basic = (secret: string) => `Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`

describe.each([
  ['our own tables', embedded],
  ['a file', file],
  ['tables of the original', tables],
] as const)('a password that has expired in %s', (_name, openDirectory) => {
  it('opens nothing, nor do sessions and tokens of before, until a login has brought a new one', async () => {
    const { directory, call } = await open(openDirectory)
    const session = `Bearer ${(await call('GET', '/login', basic(PASSWORD))).data.token}`
    const made = await call('POST', '/me/tokens', basic(PASSWORD), { name: 'n', scope: 'read' })
    const token = basic(made.data.token)
    const statuses = async (password: string) => {
      const proofs = [basic(password), session, token]
      const asked = await Promise.all(proofs.map((proof) => call('GET', '/me/tokens', proof)))
      return asked.map(({ status }) => status)
    }
    expect(await statuses(PASSWORD)).toEqual([200, 200, 200])

    // As an editor or SQL would: no service hears of it.
    await directory.update('admin', { passwordExpired: true })
    expect(await statuses(PASSWORD)).toEqual([401, 401, 401])
    expect((await call('GET', '/login', basic(PASSWORD))).status).toBe(401)

    const logIn = (new_password: string) =>
      call('POST', '/login', '', { username: 'admin', password: PASSWORD, new_password })
    expect((await logIn('too short')).status).toBe(400)
    expect((await logIn(NEW_PASSWORD)).status).toBe(200)
    expect(await statuses(NEW_PASSWORD)).toEqual([200, 401, 200])
    expect((await call('GET', '/login', basic(PASSWORD))).status).toBe(401)
  })
})
