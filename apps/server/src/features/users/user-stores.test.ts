import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Secret, silentLogger, systemClock } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  createScope,
  mariadbMissing,
  postgresMissing,
  startMariadb,
  startPostgres,
  type TestDatabaseServer,
} from '../../../../../tests/harness/index.ts'
import { openExternalDatabase, openExternalSqlite } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import type { UserDirectory } from './user-directory.ts'
import { createEmbeddedUsers } from './user-store-embedded.ts'
import { openFileUsers } from './user-store-file.ts'
import { createStaticUsers } from './user-store-static.ts'
import { openTableUsers } from './user-store-tables.ts'

const HASH = '$2y$05$abcdefghijklmnopqrstuunleTJJUOfpmR9Lj3t./1GPP37TCQxji'

interface OpenStore {
  directory: UserDirectory
  close(): Promise<void>
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-users-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const fileOf = (users: unknown) => {
  const path = join(folder, 'api-users.json')
  writeFileSync(path, typeof users === 'string' ? users : JSON.stringify(users))
  return path
}

/** Ada administrates, Bob is in two groups, Eve is in none and expired. */
async function openFile(): Promise<OpenStore> {
  const path = fileOf([
    { username: 'ada', password: HASH, groups: ['Administrators'], two_fa_send_to: '' },
    { username: 'bob', password: HASH, groups: ['operators', 'viewers'], two_fa_send_to: '', note: 'kept' },
    { username: 'eve', password: HASH, groups: null, password_expired: true },
  ])
  return {
    directory: await openFileUsers({ path, clock: systemClock, log: silentLogger }),
    close: async () => undefined,
  }
}

function makeTables(file: string): DatabaseSync {
  const raw = new DatabaseSync(file)
  raw.exec(`
    CREATE TABLE people (username TEXT PRIMARY KEY, password TEXT, password_expired BOOLEAN NOT NULL DEFAULT 0, two_fa_send_to TEXT, totp_secret TEXT, odd INT);
    CREATE TABLE memberships (username TEXT, \`group\` TEXT);
    CREATE TABLE details (name TEXT, permissions TEXT, tunnels_restricted TEXT, commands_restricted TEXT, extra TEXT);
    INSERT INTO people VALUES ('ada', '${HASH}', 0, NULL, NULL, 1), ('bob', '${HASH}', 0, '', ' ', 1), ('eve', '${HASH}', 1, '', '', 1);
    INSERT INTO memberships VALUES ('ada', 'Administrators'), ('bob', 'operators'), ('bob', 'viewers'), ('ghost', 'Administrators');
    INSERT INTO details (name, permissions) VALUES ('operators', '{"commands":true,"tunnels":true,"flying":true}'), ('viewers', '{}');
  `)
  return raw
}

const tableNames = {
  userTable: 'people',
  groupTable: 'memberships',
  groupDetailsTable: 'details',
  withTwoFaSendTo: true,
  withTotpSecret: true,
}

async function openTables(): Promise<OpenStore> {
  const file = join(folder, 'users.sqlite3')
  makeTables(file).close()
  const database = openExternalSqlite({ file, log: silentLogger, clock: systemClock })
  return {
    directory: await openTableUsers({ database, ...tableNames, log: silentLogger }),
    close: () => database.close(),
  }
}

async function openEmbedded(): Promise<OpenStore> {
  const db = await openTestDatabase()
  const directory = createEmbeddedUsers({ db, clock: systemClock, log: silentLogger })
  const base = { password: HASH, passwordExpired: false, twoFaSendTo: '' }
  await directory.create({ ...base, username: 'ada', groups: ['Administrators'] })
  await directory.create({ ...base, username: 'bob', groups: ['operators', 'viewers'] })
  await directory.create({ ...base, username: 'eve', groups: [], passwordExpired: true })
  await db.write(async (trx) => {
    const row = { name: 'operators', permissions: '{"commands":true,"tunnels":true,"flying":true}' }
    const none = { tunnels_restricted: '', commands_restricted: '' }
    await trx
      .insertInto('group_details')
      .values([
        { ...row, ...none },
        { name: 'viewers', permissions: '{}', ...none },
      ])
      .execute()
  })
  return { directory, close: () => db.close() }
}

const LIMIT_MS = 90_000
const scope = createScope()
const servers = new Map<string, TestDatabaseServer>()
beforeAll(async () => {
  if (mariadbMissing === undefined) servers.set('MariaDB', await startMariadb(scope))
  if (postgresMissing === undefined) servers.set('PostgreSQL', await startPostgres(scope))
}, LIMIT_MS)
afterAll(() => scope.close(), LIMIT_MS)

/** The tables of the original on a database server, made anew. */
const openServerTables = (name: string) => async (): Promise<OpenStore> => {
  const server = servers.get(name)
  if (!server) throw new Error(`${name} has not started`)
  const { kind, host, user, name: database, password } = server
  const address = { kind, host, user, name: database, password: new Secret(password) }
  const external = await openExternalDatabase(address, { clock: systemClock, log: silentLogger })
  const group = kind === 'mysql' ? '`group`' : '"group"'
  const statements = [
    'drop table if exists people',
    'drop table if exists memberships',
    'drop table if exists details',
    'create table people (username varchar(150) primary key, password varchar(255), password_expired boolean not null default false, two_fa_send_to varchar(150), totp_secret text)',
    `create table memberships (username varchar(150), ${group} varchar(150))`,
    'create table details (name varchar(150), permissions text, tunnels_restricted text, commands_restricted text)',
    `insert into people values ('ada', '${HASH}', false, null, null), ('bob', '${HASH}', false, '', ' '), ('eve', '${HASH}', true, '', '')`,
    `insert into memberships values ('ada', 'Administrators'), ('bob', 'operators'), ('bob', 'viewers'), ('ghost', 'Administrators')`,
    `insert into details (name, permissions) values ('operators', '{"commands":true,"tunnels":true,"flying":true}'), ('viewers', '{}')`,
  ]
  await external.write(async (trx) => {
    for (const statement of statements) await sql.raw(statement).execute(trx)
  })
  const directory = await openTableUsers({ database: external, ...tableNames, log: silentLogger })
  return { directory, close: () => external.close() }
}

const stores: [name: string, open: () => Promise<OpenStore>][] = [
  ['JSON file', openFile],
  ['tables of the original', openTables],
  ['embedded tables', openEmbedded],
  // Machines without these servers run the rest; the tests of the whole install them.
  ...(mariadbMissing === undefined
    ? [['tables on MariaDB', openServerTables('MariaDB')] satisfies [string, () => Promise<OpenStore>]]
    : []),
  ...(postgresMissing === undefined
    ? [['tables on PostgreSQL', openServerTables('PostgreSQL')] satisfies [string, () => Promise<OpenStore>]]
    : []),
]

const OTHER_HASH = HASH.replace('abc', 'xyz')

describe.each(stores)('users in %s', (_name, open) => {
  let store: OpenStore
  let directory: UserDirectory
  beforeEach(async () => {
    store = await open()
    directory = store.directory
  })
  afterEach(() => store.close())

  it('are found with groups, expiry and the stored hash', async () => {
    expect(await directory.find('bob')).toEqual({
      username: 'bob',
      groups: ['operators', 'viewers'],
      passwordExpired: false,
      twoFaSendTo: '',
      totpSecret: '',
      password: { kind: 'bcrypt', text: HASH },
    })
    expect(await directory.find('eve')).toMatchObject({ groups: [], passwordExpired: true })
  })

  it.each(['nobody', '', 'ADA', "ada' or '1'='1", 'ada\0', '__proto__'])('do not include %j', async (username) => {
    expect(await directory.find(username)).toBeUndefined()
  })

  it('change only in what was named', async () => {
    await directory.update('bob', { password: OTHER_HASH, passwordExpired: true })
    expect(await directory.find('bob')).toMatchObject({
      groups: ['operators', 'viewers'],
      passwordExpired: true,
      twoFaSendTo: '',
      password: { text: OTHER_HASH },
    })
    await directory.update('eve', { passwordExpired: false, twoFaSendTo: 'eve@example.com' })
    expect(await directory.find('eve')).toMatchObject({
      passwordExpired: false,
      twoFaSendTo: 'eve@example.com',
      password: { text: HASH },
    })
  })

  it('have an app from when it is set until it is taken away, whatever their name is', async () => {
    await directory.update('bob', { totpSecret: 'otpauth://totp/x?secret=AAAA' })
    await directory.update('bob', { username: 'robert' })
    expect(await directory.find('robert')).toMatchObject({ totpSecret: 'otpauth://totp/x?secret=AAAA' })
    expect(JSON.stringify(await directory.list())).not.toContain('otpauth')
    await directory.update('robert', { totpSecret: '' })
    expect(await directory.find('robert')).toMatchObject({ totpSecret: '' })
    await directory.create({
      ...{ username: 'new', password: HASH, groups: [], passwordExpired: false, twoFaSendTo: '' },
      totpSecret: 'otpauth://totp/new?secret=AAAA',
    })
    expect(await directory.find('new')).toMatchObject({ totpSecret: 'otpauth://totp/new?secret=AAAA' })
  })

  it('take their groups along when they are renamed', async () => {
    await directory.update('bob', { username: 'robert', password: OTHER_HASH })
    expect(await directory.find('bob')).toBeUndefined()
    expect(await directory.find('robert')).toMatchObject({ groups: ['operators', 'viewers'] })
  })

  it('keep a name for one user only', async () => {
    await expect(directory.update('bob', { username: 'ada' })).rejects.toMatchObject({ key: 'username_taken' })
    expect(await directory.find('bob')).toMatchObject({ groups: ['operators', 'viewers'] })
    expect(await directory.find('ada')).toMatchObject({ groups: ['Administrators'] })
  })

  it('do not inherit the groups of somebody who was deleted', async () => {
    await directory.update('bob', { username: 'ghost' })
    expect(await directory.find('ghost')).toMatchObject({ groups: ['operators', 'viewers'] })
  })

  it('may be renamed to the name they have', async () => {
    await directory.update('bob', { username: 'bob', twoFaSendTo: 'x' })
    expect(await directory.find('bob')).toMatchObject({ twoFaSendTo: 'x' })
  })

  it('cannot change when they do not exist', async () => {
    await expect(directory.update('nobody', { passwordExpired: true })).rejects.toMatchObject({ key: 'user_not_found' })
  })

  it('stay as they are when the password is not the expected one any more', async () => {
    await directory.update('bob', { passwordExpired: true }, 'something else')
    expect(await directory.find('bob')).toMatchObject({ passwordExpired: false })
    await directory.update('bob', { passwordExpired: true }, HASH)
    expect(await directory.find('bob')).toMatchObject({ passwordExpired: true })
  })

  it('are listed by name without their passwords', async () => {
    expect(await directory.list()).toEqual([
      { username: 'ada', groups: ['Administrators'], passwordExpired: false, twoFaSendTo: '' },
      { username: 'bob', groups: ['operators', 'viewers'], passwordExpired: false, twoFaSendTo: '' },
      { username: 'eve', groups: [], passwordExpired: true, twoFaSendTo: '' },
    ])
  })

  it('can be created, once for each name, without the groups of a namesake who was deleted', async () => {
    const ghost = { username: 'ghost', groups: ['viewers'], passwordExpired: false, twoFaSendTo: 'g@example.com' }
    await directory.create({ ...ghost, password: HASH })
    expect(await directory.find('ghost')).toEqual({
      ...ghost,
      totpSecret: '',
      password: { kind: 'bcrypt', text: HASH },
    })
    await expect(directory.create({ ...ghost, password: OTHER_HASH })).rejects.toMatchObject({ key: 'username_taken' })
    expect(await directory.find('ghost')).toMatchObject({ password: { text: HASH } })
  })

  it('leave with their groups when they are deleted', async () => {
    await directory.delete('bob')
    expect(await directory.find('bob')).toBeUndefined()
    await expect(directory.delete('bob')).rejects.toMatchObject({ key: 'user_not_found' })
    await directory.create({ username: 'bob', groups: [], passwordExpired: false, twoFaSendTo: '', password: HASH })
    expect(await directory.find('bob')).toMatchObject({ groups: [] })
  })

  it('change groups as a whole', async () => {
    await directory.update('bob', { groups: ['viewers', 'auditors', 'viewers'] })
    expect([...new Set((await directory.find('bob'))?.groups)].sort()).toEqual(['auditors', 'viewers'])
    await directory.update('bob', { groups: [] })
    expect(await directory.find('bob')).toMatchObject({ groups: [] })
  })

  it('always include an administrator', async () => {
    const refusal = { key: 'last_administrator' }
    await expect(directory.delete('ada')).rejects.toMatchObject(refusal)
    await expect(directory.update('ada', { groups: ['viewers'] })).rejects.toMatchObject(refusal)
    await expect(directory.update('ada', { username: 'eda', groups: [] })).rejects.toMatchObject(refusal)
    expect(await directory.find('ada')).toMatchObject({ groups: ['Administrators'] })
    await directory.update('bob', { groups: ['Administrators', 'operators'] })
    await directory.update('ada', { groups: [] })
    await directory.delete('ada')
    await expect(directory.delete('bob')).rejects.toMatchObject(refusal)
  })

  it('keep their groups when only letter case changes, and are told apart by it', async () => {
    await directory.update('bob', { username: 'Bob' })
    expect(await directory.find('Bob')).toMatchObject({ groups: ['operators', 'viewers'] })
    expect(await directory.find('bob')).toBeUndefined()
  })

  it('keep an administrator when two delete each other at once', async () => {
    await directory.update('bob', { groups: ['Administrators'] })
    const outcomes = await Promise.allSettled([directory.delete('ada'), directory.delete('bob')])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('have groups with permissions where the store keeps them', async () => {
    const details = await directory.groups.detailsOf(['operators', 'viewers', 'unknown'])
    const expected = [
      ['operators', new Set(['tunnels', 'commands'])],
      ['viewers', new Set()],
    ]
    const found = [...details.values()].map((group) => [group.name, group.permissions])
    expect(found.sort()).toEqual(directory.groupPermissionsEnabled ? expected : [])
    expect(await directory.groups.detailsOf([])).toEqual(new Map())
  })
})

describe.each(stores.slice(1))('user groups in %s', (_name, open) => {
  let store: OpenStore
  let groups: UserDirectory['groups']
  beforeEach(async () => {
    store = await open()
    groups = store.directory.groups
  })
  afterEach(() => store.close())

  it('are listed with details first, then those that only have members', async () => {
    const { detailed, others } = await groups.list()
    expect(detailed.map((group) => group.name)).toEqual(['operators', 'viewers'])
    expect(others).toEqual(['Administrators'])
  })

  it('are replaced as a whole, restrictions included', async () => {
    const group = {
      name: 'operators',
      permissions: new Set(['vault'] as const),
      tunnelsRestricted: { protocol: ['tcp'] },
      commandsRestricted: null,
    }
    await groups.save(group)
    expect((await groups.detailsOf(['operators'])).get('operators')).toEqual(group)
    await groups.save({ ...group, tunnelsRestricted: null, commandsRestricted: { is_sudo: false } })
    expect((await groups.detailsOf(['operators'])).get('operators')).toMatchObject({
      tunnelsRestricted: null,
      commandsRestricted: { is_sudo: false },
    })
  })

  it('are known as they were written by whoever asks after that, even while others read', async () => {
    const before = groups.detailsOf(['operators'])
    const saved = groups.save({
      name: 'operators',
      permissions: new Set(['vault']),
      tunnelsRestricted: null,
      commandsRestricted: null,
    })
    const meanwhile = groups.detailsOf(['operators'])
    await saved
    const after = await groups.detailsOf(['operators'])
    expect(after.get('operators')?.permissions).toEqual(new Set(['vault']))
    await Promise.all([before, meanwhile])
  })

  it('take their memberships along when they are deleted, and need not exist', async () => {
    expect((await groups.detailsOf(['operators'])).size).toBe(1)
    await groups.delete('operators')
    await groups.delete('operators')
    expect(await store.directory.find('bob')).toMatchObject({ groups: ['viewers'] })
    expect(await groups.detailsOf(['operators'])).toEqual(new Map())
  })

  it('keep the administrators', async () => {
    await expect(groups.delete('Administrators')).rejects.toMatchObject({ key: 'last_administrator' })
    expect(await store.directory.find('ada')).toMatchObject({ groups: ['Administrators'] })
  })
})

describe('the user of the configuration', () => {
  const directory = createStaticUsers({ username: 'admin', password: new Secret('pa$$:word') })

  it('is an administrator with a clear-text password', async () => {
    expect(await directory.find('admin')).toMatchObject({
      groups: ['Administrators'],
      password: { kind: 'configured', text: 'pa$$:word' },
    })
    expect(await directory.find('other')).toBeUndefined()
  })

  it('cannot be changed', async () => {
    await expect(directory.update('admin', { username: 'x' })).rejects.toMatchObject({ key: 'single_user_operation' })
    const refusal = { key: 'users_not_changeable' }
    await expect(directory.list()).rejects.toMatchObject(refusal)
    await expect(directory.delete('admin')).rejects.toMatchObject(refusal)
    await expect(directory.groups.delete('Administrators')).rejects.toMatchObject(refusal)
    await expect(directory.groups.list()).rejects.toMatchObject({ key: 'user_groups_of_configuration' })
  })
})

describe('users in a JSON file', () => {
  it('follow edits of the file, and keep keys that we do not know', async () => {
    const clock = createFakeClock()
    const user = { username: 'ada', password: HASH, groups: ['a'], totp_secret: 'otpauth://x', note: 7 }
    const path = fileOf([user])
    const directory = await openFileUsers({ path, clock, log: silentLogger })
    fileOf([{ ...user, groups: ['b'] }])
    await clock.advance(1000)
    expect(await directory.find('ada')).toMatchObject({ groups: ['b'] })
    await directory.update('ada', { passwordExpired: true })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual([{ ...user, groups: ['b'], password_expired: true }])
    expect(readFileSync(path, 'utf8')).toMatch(/^\[\n {\n {2}"username": "ada"/)
  })

  it('stay in force while the file is damaged; the log quotes none of it', async () => {
    const clock = createFakeClock()
    const log = createMemoryLogger()
    const path = fileOf([{ username: 'ada', password: HASH }])
    const directory = await openFileUsers({ path, clock, log })
    fileOf(`[{"username": "ada", "password": "${HASH}" oops`)
    await clock.advance(1000)
    expect(await directory.find('ada')).toBeDefined()
    expect(log.text()).toContain('it is no valid JSON')
    expect(directory.problem?.()).toBe(
      '[api] auth_file was not taken over: its last good state stays in force, the log says why',
    )
    fileOf([{ username: 'ada', password: HASH }])
    await clock.advance(1000)
    await directory.find('ada')
    expect(directory.problem?.()).toBeUndefined()
    expect(log.text()).not.toContain('$2y$')
  })

  it.each([
    ['{}', 'expected a JSON array of users'],
    ['[5]', 'user 1: expected an object'],
    ['[{"username":" "}]', 'user 1: username is missing'],
    ['[{"username":"a","password":"clear"}]', 'user "a": password must be a bcrypt hash that starts with $2y$'],
    [`[{"username":"a","password":"${HASH}"},{"username":" a","password":"${HASH}"}]`, 'non unique username: "a"'],
    [`[{"username":"a","password":"${HASH}","groups":"x"}]`, 'user "a": groups must be a list of names'],
    [`[{"username":"a","password":"${HASH}","password_expired":1}]`, 'password_expired must be true or false'],
    [`[{"username":"a","password":"${HASH}","two_fa_send_to":1}]`, 'two_fa_send_to must be a text'],
  ])('refuse %s at the start', async (text, reason) => {
    const path = fileOf(text)
    await expect(openFileUsers({ path, clock: systemClock, log: silentLogger })).rejects.toThrow(reason)
  })

  it('are none in an empty file', async () => {
    const directory = await openFileUsers({ path: fileOf(''), clock: systemClock, log: silentLogger })
    expect(await directory.find('ada')).toBeUndefined()
  })
})

describe('users in tables of the original', () => {
  const open = async (raw: DatabaseSync, file: string, extra: Partial<typeof tableNames> = {}) => {
    raw.close()
    const database = openExternalSqlite({ file, log: silentLogger, clock: systemClock })
    const log = createMemoryLogger()
    try {
      return { log, database, directory: await openTableUsers({ database, ...tableNames, ...extra, log }) }
    } catch (error) {
      await database.close()
      throw error
    }
  }

  it('name the table and its columns when one is missing', async () => {
    const file = join(folder, 'u.db')
    const raw = makeTables(file)
    raw.exec('ALTER TABLE people DROP COLUMN two_fa_send_to')
    await expect(open(raw, file)).rejects.toThrow(
      'table "people" must have the columns username, password, password_expired, two_fa_send_to',
    )
  })

  it('do without the column of the second factor while it is off', async () => {
    const file = join(folder, 'u.db')
    const raw = makeTables(file)
    raw.exec('ALTER TABLE people DROP COLUMN two_fa_send_to')
    const { directory, database } = await open(raw, file, { withTwoFaSendTo: false, withTotpSecret: false })
    await directory.update('ada', { twoFaSendTo: 'x' })
    expect(await directory.find('ada')).toMatchObject({ twoFaSendTo: '' })
    await database.close()
  })

  it('may have clear-text and expired-as-text values of other programs', async () => {
    const file = join(folder, 'u.db')
    const raw = makeTables(file)
    raw.exec("UPDATE people SET password = 'clear', password_expired = 'true' WHERE username = 'ada'")
    const { directory, database } = await open(raw, file)
    expect(await directory.find('ada')).toMatchObject({
      passwordExpired: true,
      password: { kind: 'plain', text: 'clear' },
    })
    await database.close()
  })

  it.each(["'{broken'", 'NULL', "'[]'", '5'])(
    'grant nothing for permissions of %s, and the log says why',
    async (value) => {
      const file = join(folder, 'u.db')
      const raw = makeTables(file)
      raw.exec(`UPDATE details SET permissions = ${value} WHERE name = 'operators'`)
      const { directory, database, log } = await open(raw, file)
      expect((await directory.groups.detailsOf(['operators'])).get('operators')?.permissions).toEqual(new Set())
      expect(log.lines[0]?.fields['group']).toBe('operators')
      await database.close()
    },
  )
})
