import { DatabaseSync } from 'node:sqlite'
import { Secret, systemClock } from '@rport/kit'
import { createMemoryLogger, type MemoryLogger } from '@rport/kit/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  createScope,
  mariadbMissing,
  postgresMissing,
  type Scope,
  startMariadb,
  startPostgres,
  type TestDatabaseServer,
} from '../../../../tests/harness/index.ts'
import type { ExternalDatabase, ExternalDatabaseAddress } from './external-database.ts'
import { openExternalDatabase } from './open-external-database.ts'

interface Kind {
  readonly name: string
  readonly missing: string | undefined
  start(scope: Scope): Promise<{ address: ExternalDatabaseAddress; server?: TestDatabaseServer }>
}

const ofServer = (start: (scope: Scope) => Promise<TestDatabaseServer>) => async (scope: Scope) => {
  const server = await start(scope)
  const { kind, host, user, name } = server
  return { address: { kind, host, user, name, password: new Secret(server.password) }, server }
}

const kinds: Kind[] = [
  {
    name: 'SQLite',
    missing: undefined,
    async start(scope) {
      const path = `${await scope.folder('sqlite')}/external.db`
      new DatabaseSync(path).close()
      return { address: { kind: 'sqlite', path } }
    },
  },
  { name: 'MariaDB', missing: mariadbMissing, start: ofServer(startMariadb) },
  { name: 'PostgreSQL', missing: postgresMissing, start: ofServer(startPostgres) },
]

const START_LIMIT_MS = 90_000
const open = (address: ExternalDatabaseAddress, log: MemoryLogger = createMemoryLogger()) =>
  openExternalDatabase(address, { clock: systemClock, log })

describe.each(kinds)('an external database on $name', ({ missing, start }) => {
  let scope: Scope
  let address: ExternalDatabaseAddress
  let database: ExternalDatabase
  beforeAll(async () => {
    scope = createScope()
    if (missing !== undefined) return
    ;({ address } = await start(scope))
    database = await open(address)
    scope.add(() => database.close())
    await database.write((trx) =>
      sql`create table things (id varchar(100) primary key, note varchar(100))`.execute(trx),
    )
  }, START_LIMIT_MS)
  afterAll(() => scope.close(), START_LIMIT_MS)

  const ids = async () =>
    (await sql<{ id: string }>`select id from things order by id`.execute(database.read)).rows.map(({ id }) => id)
  const add = (id: string, note = '') =>
    database.write((trx) => sql`insert into things (id, note) values (${id}, ${note})`.execute(trx))

  test.skipIf(missing)('gives back every text as it was written', async () => {
    const note = `O'Brien "quoted" \\ back; -- ünï 🚀 %_ \n`
    await add('texts', note)
    const { rows } = await sql<{ note: string }>`select note from things where note = ${note}`.execute(database.read)
    expect(rows).toEqual([{ note }])
  })

  test.skipIf(missing)('keeps nothing of a transaction that failed', async () => {
    const failing = database.write(async (trx) => {
      await sql`insert into things (id) values ('half')`.execute(trx)
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await ids()).not.toContain('half')
  })

  test.skipIf(missing)('knows a duplicate key from a wrong statement, and neither is an outage', async () => {
    await add('twice')
    const duplicate: unknown = await add('twice').catch((error: unknown) => error)
    const wrong: unknown = await sql`select nothing from nowhere`
      .execute(database.read)
      .catch((error: unknown) => error)
    expect([database.isDuplicateKey(duplicate), database.isDuplicateKey(wrong)]).toEqual([true, false])
    expect([database.isOutage(duplicate), database.isOutage(wrong)]).toEqual([false, false])
    expect(await ids()).toContain('twice')
  })

  test.skipIf(missing)('takes many questions at once', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, ids))
    expect(new Set(answers.map((answer) => answer.join())).size).toBe(1)
  })

  test.skipIf(missing)('is closed once, however often it is asked to', async () => {
    const other = await open(address)
    await Promise.all([other.close(), other.close()])
    await expect(sql`select 1`.execute(other.read)).rejects.toThrow()
  })
})

const servers = kinds.filter(({ name }) => name !== 'SQLite')

describe.each(servers)('$name', ({ missing, start }) => {
  test.skipIf(missing)(
    'that goes away and comes back is noticed, logged once each way, and used again',
    {
      timeout: START_LIMIT_MS,
    },
    async () => {
      const scope = createScope()
      onTestFinished(() => scope.close())
      const { address, server } = await start(scope)
      const log = createMemoryLogger()
      const database = await open(address, log)
      scope.add(() => database.close())
      const ask = () => sql`select 1`.execute(database.read)
      await Promise.all([ask(), ask()])
      await server?.stop()
      const errors = await Promise.all(Array.from({ length: 4 }, () => ask().catch((error: unknown) => error)))
      expect(errors.every((error) => database.isOutage(error))).toBe(true)
      await server?.start()
      await ask()
      expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info'])
      expect(log.text()).toContain(server?.host)
      expect(log.text()).not.toContain(server?.password)
    },
  )

  test.skipIf(missing)(
    'with a wrong password, a wrong database or a socket is said or used',
    {
      timeout: START_LIMIT_MS,
    },
    async () => {
      const scope = createScope()
      onTestFinished(() => scope.close())
      const { address, server } = await start(scope)
      if (address.kind === 'sqlite' || !server) throw new Error('a server was expected')
      const wrong = open({ ...address, password: new Secret('guessed-wrong') })
      await expect(wrong).rejects.toThrow(/cannot be used: .*db_password/)
      await expect(wrong).rejects.not.toThrow('guessed-wrong')
      await expect(open({ ...address, name: 'no_such_database' })).rejects.toThrow(/no_such_database/)
      const bySocket = await open({ ...address, host: `socket:${server.socket}` })
      await bySocket.close()
    },
  )
})

describe('a database server that is not there', () => {
  test.each(['mysql', 'postgres'] as const)('%s: is named with its address and the fix', async (kind) => {
    const address = { kind, host: '127.0.0.1:1', user: 'u', password: new Secret('never-shown'), name: 'n' }
    const opening = open(address)
    await expect(opening).rejects.toMatchObject({ failure: 'unreachable' })
    await expect(opening).rejects.toThrow(/127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED.*\[database\]/)
    await expect(opening).rejects.not.toThrow('never-shown')
  })

  test.each(['mysql', 'postgres'] as const)('%s: an address that is none is refused with the fix', async (kind) => {
    const address = { kind, host: 'a b', user: undefined, password: undefined, name: 'n' }
    await expect(open(address)).rejects.toThrow(/db_host "a b" is no address: write "host:\d+"/)
  })
})
