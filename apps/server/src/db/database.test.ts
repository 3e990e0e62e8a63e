import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { silentLogger, systemClock } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { type Database, openDatabase, type Queries } from './database.ts'
import { DatabaseError } from './database-error.ts'
import { migrations } from './migrations/index.ts'
import { isDuplicateKey } from './sqlite-errors.ts'
import { openTestDatabase, withDatabaseFile } from './testing/index.ts'

const open = (file: string, extra: Partial<Parameters<typeof openDatabase>[0]> = {}) =>
  openDatabase({ file, log: silentLogger, clock: systemClock, ...extra })

const addAuth = (id: string) => (trx: Queries) =>
  trx.insertInto('client_auths').values({ id, secret_hash: 'x', created_at: 1 }).execute()

const authIds = async (db: Database) =>
  (await db.read.selectFrom('client_auths').select('id').orderBy('id').execute()).map((row) => row.id)

describe('openDatabase', () => {
  it('makes a private file in WAL mode with full durability and enforced foreign keys', () =>
    withDatabaseFile(async (file) => {
      const db = await open(file)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600)
      const orphan = db.write((trx) =>
        trx.insertInto('user_groups').values({ username: 'ghost', group_name: 'g' }).execute(),
      )
      await expect(orphan).rejects.toThrow(/FOREIGN KEY/)
      const pragmas = await db.write(async (trx) => ({
        mode: (await sql<{ journal_mode: string }>`PRAGMA journal_mode`.execute(trx)).rows[0]?.journal_mode,
        synchronous: (await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(trx)).rows[0]?.synchronous,
      }))
      expect(pragmas).toEqual({ mode: 'wal', synchronous: 2 })
      await db.close()
    }))

  it('keeps what was written when it is opened again', () =>
    withDatabaseFile(async (file) => {
      const first = await open(file)
      await first.write(addAuth('a'))
      await first.close()
      const second = await open(file)
      expect(await authIds(second)).toEqual(['a'])
      await second.close()
    }))

  it('refuses a damaged file by name, says the way out and leaves it untouched', () =>
    withDatabaseFile(async (file) => {
      writeFileSync(file, 'this is no database, whatever its name says'.repeat(200))
      const before = readFileSync(file)
      const failure = await open(file).catch((error: unknown) => error)
      expect(failure).toMatchObject({ failure: 'damaged' })
      expect(String(failure)).toContain(file)
      expect(String(failure)).toContain('restore it from a backup')
      expect(readFileSync(file).equals(before)).toBe(true)
    }))

  it('finds a page that was overwritten inside a real database', () =>
    withDatabaseFile(async (file) => {
      const db = await open(file)
      await Promise.all(
        Array.from({ length: 200 }, (_, index) => db.write(addAuth(`client-${index}-${'x'.repeat(200)}`))),
      )
      await db.close()
      const bytes = readFileSync(file)
      bytes.fill(0xa5, 4096 * 5, 4096 * 12)
      writeFileSync(file, bytes)
      await expect(open(file)).rejects.toMatchObject({ failure: 'damaged' })
      expect(readFileSync(file).equals(bytes)).toBe(true)
    }))

  it('refuses a schema of a newer version and leaves the file untouched', () =>
    withDatabaseFile(async (file) => {
      const newer = await open(file, {
        migrations: {
          ...migrations,
          '9999-flying-cars': { up: async (db) => void (await sql`create table cars (id text)`.execute(db)) },
        },
      })
      await newer.close()
      const before = readFileSync(file)
      await expect(open(file)).rejects.toMatchObject({
        failure: 'newer',
        message: expect.stringContaining('9999-flying-cars'),
      })
      expect(readFileSync(file).equals(before)).toBe(true)
    }))

  it('takes back a migration that fails halfway', () =>
    withDatabaseFile(async (file) => {
      const broken = {
        ...migrations,
        '9999-broken': {
          up: async (db: Parameters<(typeof migrations)[string]['up']>[0]) => {
            await sql`create table half (id text)`.execute(db)
            await sql`create table half (id text)`.execute(db)
          },
        },
      }
      await expect(open(file, { migrations: broken })).rejects.toThrow(/already exists/)
      const raw = new DatabaseSync(file)
      expect(raw.prepare("select count(*) as n from sqlite_master where name = 'half'").get()).toMatchObject({ n: 0 })
      raw.close()
      await (await open(file)).close()
    }))
})

describe('write', () => {
  it('shows a write to readers only after the commit', async () => {
    const db = await openTestDatabase()
    let seenInside: string[] = []
    await db.write(async (trx) => {
      await addAuth('a')(trx)
      seenInside = await authIds(db)
    })
    expect(seenInside).toEqual([])
    expect(await authIds(db)).toEqual(['a'])
    await db.close()
  })

  it('puts writes that arrive together into one transaction', () =>
    withDatabaseFile(async (file) => {
      const db = await open(file, { groupWindowMs: 1000 })
      const walBytes = () => statSync(`${file}-wal`).size
      const start = walBytes()
      await Promise.all(Array.from({ length: 100 }, (_, index) => db.write(addAuth(`c${index}`))))
      // One transaction rewrites the few pages of the table once; a hundred would have written hundreds of pages.
      expect(walBytes() - start).toBeLessThan(20 * 4096)
      expect(await authIds(db)).toHaveLength(100)
      await db.close()
    }))

  it('takes back a failing write alone', async () => {
    const db = await openTestDatabase()
    const results = await Promise.allSettled([
      db.write(addAuth('a')),
      db.write(async (trx) => {
        await addAuth('b')(trx)
        throw new Error('changed my mind')
      }),
      db.write(addAuth('a')),
      db.write(addAuth('c')),
    ])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(isDuplicateKey((results[2] as PromiseRejectedResult).reason)).toBe(true)
    expect(isDuplicateKey((results[1] as PromiseRejectedResult).reason)).toBe(false)
    expect(await authIds(db)).toEqual(['a', 'c'])
    await db.close()
  })

  it('says that the disk is full, acknowledges nothing of that group, and goes on when there is room again', () =>
    withDatabaseFile(async (file) => {
      const db = await open(file, { groupWindowMs: 20 })
      await db.write((trx) => sql`PRAGMA max_page_count = 30`.execute(trx))
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) => db.write(addAuth(`${index}-${'x'.repeat(4000)}`))),
      )
      const rejected = results.filter((result) => result.status === 'rejected')
      expect(rejected.length).toBeGreaterThan(0)
      for (const result of rejected) expect(result.reason).toMatchObject({ failure: 'full' })
      expect(await authIds(db)).toHaveLength(50 - rejected.length)
      await db.write((trx) => sql`PRAGMA max_page_count = 100000`.execute(trx))
      await db.write(addAuth('later'))
      expect(await authIds(db)).toContain('later')
      await db.close()
    }))

  it('refuses a query of a transaction that has ended', async () => {
    const db = await openTestDatabase()
    const kept = await db.write(async (trx) => trx)
    await expect(addAuth('late')(kept)).rejects.toMatchObject({ failure: 'closed' })
    expect(await authIds(db)).toEqual([])
    await db.close()
  })

  it('finishes waiting writes when it is closed, refuses later ones, and closes twice without harm', () =>
    withDatabaseFile(async (file) => {
      const db = await open(file)
      const waiting = [db.write(addAuth('a')), db.write(addAuth('b'))]
      await Promise.all([db.close(), db.close()])
      await Promise.all(waiting)
      await expect(db.write(addAuth('c'))).rejects.toBeInstanceOf(DatabaseError)
      const again = await open(file)
      expect(await authIds(again)).toEqual(['a', 'b'])
      await again.close()
    }))

  it('cannot be reached through the reading side', async () => {
    const db = await openTestDatabase()
    await expect(addAuth('a')(db.read)).rejects.toMatchObject({ failure: 'unreachable' })
    await expect(db.read.transaction().execute(async () => 1)).rejects.toThrow(/no transactions here/)
    await db.close()
  })
})

describe('the error log', () => {
  it('names a transaction that failed as a whole, once', () =>
    withDatabaseFile(async (file) => {
      const log = createMemoryLogger()
      const db = await openDatabase({ file, log, clock: systemClock })
      await db.write((trx) => sql`PRAGMA max_page_count = 1`.execute(trx))
      await db.write(addAuth('x'.repeat(100_000))).catch(() => undefined)
      expect(log.lines.filter((line) => line.message === 'database transaction failed')).toHaveLength(1)
      await db.close()
    }))
})
