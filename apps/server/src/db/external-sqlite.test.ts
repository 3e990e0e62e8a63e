import { existsSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { silentLogger, systemClock } from '@rport/kit'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { openExternalSqlite } from './external-sqlite.ts'
import { withDatabaseFile } from './testing/index.ts'

const open = (file: string) => openExternalSqlite({ file, log: silentLogger, clock: systemClock })

it('never creates the file', () =>
  withDatabaseFile(async (file) => {
    expect(() => open(file)).toThrow(`${file}: the database file cannot be opened`)
    expect(existsSync(file)).toBe(false)
  }))

it('refuses a file that is no database by name', () =>
  withDatabaseFile(async (file) => {
    writeFileSync(file, 'no database at all'.repeat(100))
    expect(() => open(file)).toThrow(`${file}: the file is no SQLite database`)
  }))

it('reads what another program writes meanwhile, and leaves the journal mode alone', () =>
  withDatabaseFile(async (file) => {
    const other = new DatabaseSync(file)
    other.exec('create table users (username text)')
    const database = open(file)
    const count = async () =>
      (await sql<{ n: number }>`select count(*) as n from users`.execute(database.read)).rows[0]?.n
    other.exec("insert into users values ('ada')")
    expect(await count()).toBe(1)
    await database.write((trx) => sql`insert into users values ('grace')`.execute(trx))
    expect(await count()).toBe(2)
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    await Promise.all([database.close(), database.close()])
    await expect(database.write(async () => 1)).rejects.toMatchObject({ failure: 'closed' })
    other.close()
  }))
