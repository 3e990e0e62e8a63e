import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { silentLogger, systemClock } from '@rport/kit'
import { expect, test } from 'vitest'
import { checkDatabase } from './check-database.ts'
import { openDatabase } from './database.ts'
import { withDatabaseFile, writeHalf } from './testing/index.ts'

const open = (file: string) => openDatabase({ file, log: silentLogger, clock: systemClock, durability: 'off' })

const tablesOf = (file: string): string[] => {
  const database = new DatabaseSync(file)
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  database.close()
  return rows.map(({ name }) => String(name))
}

test('a database whose making was killed half-way is made by the next start', () =>
  withDatabaseFile(async (file) => {
    writeHalf(file)
    expect(statSync(file).size).toBeGreaterThan(0)
    await (await open(file)).close()
    expect(tablesOf(file)).toContain('users')
    expect(tablesOf(file)).not.toContain('half')
  }))

test('a restored database whose first opening was killed half-way keeps what it had', () =>
  withDatabaseFile(async (file) => {
    const first = await open(file)
    const row = { id: 'kept', secret_hash: 'x', created_at: 1 }
    await first.write((trx) => trx.insertInto('client_auths').values(row).execute())
    await first.close()
    writeHalf(file)
    const second = await open(file)
    expect(await second.read.selectFrom('client_auths').select('id').execute()).toEqual([{ id: 'kept' }])
    await second.close()
    expect(tablesOf(file)).not.toContain('half')
  }))

test('whoever only looks at a half-written database leaves it alone and says who mends it', () =>
  withDatabaseFile(async (file) => {
    writeHalf(file)
    const before = readFileSync(file)
    await expect(checkDatabase(file)).rejects.toMatchObject({
      failure: 'half-written',
      message: expect.stringContaining('start rportd'),
    })
    expect(readFileSync(file).equals(before)).toBe(true)
  }))

test('a file that is no database is called damaged with a journal beside it, too', () =>
  withDatabaseFile(async (file) => {
    writeFileSync(file, 'this is no database, whatever its name says'.repeat(200))
    writeFileSync(`${file}-journal`, '')
    await expect(open(file)).rejects.toMatchObject({ failure: 'damaged' })
  }))
