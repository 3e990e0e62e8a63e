import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@rport/kit'
import { type Database, openDatabase } from '../database.ts'

/** A real, migrated, empty database in a folder of its own that goes when the database is closed. */
export async function openTestDatabase(): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'rport-db-'))
  const database = await openDatabase({
    file: join(folder, 'test.db'),
    log: silentLogger,
    clock: systemClock,
    groupWindowMs: 0,
    durability: 'off',
  })
  return {
    ...database,
    async close() {
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
