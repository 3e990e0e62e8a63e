import { DatabaseSync } from 'node:sqlite'
import { Secret, silentLogger, systemClock } from '@rport/kit'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createScope,
  mariadbMissing,
  postgresMissing,
  type Scope,
  startMariadb,
  startPostgres,
  type TestDatabaseServer,
} from '../../../../../tests/harness/index.ts'
import { type ExternalDatabase, type ExternalDatabaseAddress, openExternalDatabase } from '../../db/index.ts'
import { type ClientAuthDirectory, openTableClientAuths } from './index.ts'

const LIMIT_MS = 90_000
const fromServer = (start: (scope: Scope) => Promise<TestDatabaseServer>) => async (scope: Scope) => {
  const { kind, host, user, name, password } = await start(scope)
  return { kind, host, user, name, password: new Secret(password) }
}
const kinds: { name: string; missing: string | undefined; make(scope: Scope): Promise<ExternalDatabaseAddress> }[] = [
  {
    name: 'SQLite',
    missing: undefined,
    async make(scope) {
      const path = `${await scope.folder('auth-table')}/auth.db`
      new DatabaseSync(path).close()
      return { kind: 'sqlite', path }
    },
  },
  { name: 'MariaDB', missing: mariadbMissing, make: fromServer(startMariadb) },
  { name: 'PostgreSQL', missing: postgresMissing, make: fromServer(startPostgres) },
]

describe.each(kinds)('credentials in a table on $name', ({ missing, make }) => {
  let scope: Scope
  let database: ExternalDatabase
  let auths: ClientAuthDirectory
  beforeAll(async () => {
    scope = createScope()
    if (missing !== undefined) return
    database = await openExternalDatabase(await make(scope), { clock: systemClock, log: silentLogger })
    scope.add(() => database.close())
    await change('create table clients_auth (id varchar(100) primary key, password varchar(100))')
    await change('create table loose (id varchar(100), password varchar(100))')
  }, LIMIT_MS)
  afterAll(() => scope.close(), LIMIT_MS)
  beforeEach(async () => {
    if (missing !== undefined) return
    await change('delete from clients_auth')
    await change("insert into clients_auth values ('cred', 'pw-1'), ('none', null), ('blank', ''), ('other', 'pw-2')")
    auths = await openTableClientAuths({ database, table: 'clients_auth', writable: true })
  })
  const change = (text: string) => database.write((trx) => sql.raw(text).execute(trx))

  test.skipIf(missing).each([
    ['cred', 'pw-1', true],
    ['cred', 'PW-1', false],
    ['CRED', 'pw-1', false],
    ['cred ', 'pw-1', false],
    ['cred', 'pw-2', false],
    ['none', '', false],
    ['none', 'null', false],
    ['blank', '', false],
    ['unknown', 'pw-1', false],
    ['cred\0', 'pw-1', false],
    ["x' or '1'='1", 'pw-1', false],
    ['cred', 'x'.repeat(100_000), false],
  ])('%.15j with %.15j: %s', async (id, password, expected) => {
    expect(await auths.verify(id, password)).toBe(expected)
  })

  test.skipIf(missing)('are listed without those that nobody can use', async () => {
    expect(await auths.ids()).toEqual(['cred', 'other'])
    expect(await auths.existing(['other', 'none', 'blank', 'Cred', 'x\0', 'cred'])).toEqual(new Set(['cred', 'other']))
  })

  test.skipIf(missing)('are looked up in portions, however many are in use', async () => {
    const ids = Array.from({ length: 1200 }, (_, index) => `id-${index}`)
    expect(await auths.existing([...ids, 'cred'])).toEqual(new Set(['cred']))
  })

  test.skipIf(missing)('are added once and deleted once', async () => {
    const created = await Promise.all([auths.create('new', 'pw-3'), auths.create('new', 'pw-4')])
    expect(created.toSorted()).toEqual([false, true])
    expect(await auths.create('cred', 'pw-9')).toBe(false)
    expect(await auths.verify('cred', 'pw-1')).toBe(true)
    expect([await auths.delete('new'), await auths.delete('new'), await auths.delete('CREd')]).toEqual([
      true,
      false,
      false,
    ])
    expect(await auths.ids()).toEqual(['cred', 'other'])
  })

  test.skipIf(missing)('are added once to a table without a unique key, too', async () => {
    const loose = await openTableClientAuths({ database, table: 'loose', writable: true })
    expect([await loose.create('new', 'pw-3'), await loose.create('new', 'pw-4')]).toEqual([true, false])
    expect(await loose.verify('new', 'pw-3')).toBe(true)
  })

  test.skipIf(missing)('a change by somebody else counts at the next login', async () => {
    await change("update clients_auth set password = 'pw-9' where id = 'cred'")
    expect([await auths.verify('cred', 'pw-1'), await auths.verify('cred', 'pw-9')]).toEqual([false, true])
    await change("delete from clients_auth where id = 'cred'")
    expect(await auths.verify('cred', 'pw-9')).toBe(false)
  })

  test.skipIf(missing)('a table that is not there is named with its columns', async () => {
    const opening = openTableClientAuths({ database, table: 'no_table', writable: true })
    await expect(opening).rejects.toThrow('table "no_table" must have the columns id, password: ')
  })
})
