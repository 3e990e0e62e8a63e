import { rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { DatabaseError } from './database-error.ts'
import { toDatabaseError } from './sqlite-errors.ts'

/** Small enough that progress is seen, large enough that it costs nothing. */
const PAGES_A_STEP = 2000
const BUSY_TIMEOUT_MS = 10_000

/**
 * Copies a SQLite database as it is at this moment, also while other processes write to it, and checks the copy.
 * @param to          must not exist
 * @param onProgress  told a share between 0 and 1
 * @throws DatabaseError `damaged` when the copy is not whole, `full`, `unreachable` …; there is no copy then
 */
export async function copyDatabase(
  from: string,
  to: string,
  onProgress: (share: number) => void = () => undefined,
): Promise<void> {
  let source: DatabaseSync | undefined
  try {
    source = new DatabaseSync(from, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
    // One snapshot for all steps: without it the copy would begin anew whenever somebody writes, on a busy server for ever.
    source.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
    await backup(source, to, {
      rate: PAGES_A_STEP,
      progress: ({ totalPages, remainingPages }) => onProgress(1 - remainingPages / Math.max(1, totalPages)),
    })
    settle(to)
  } catch (thrown) {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${to}${suffix}`, { force: true })
    throw toDatabaseError(thrown)
  } finally {
    source?.close()
  }
}

/** Makes the copy one file, without a journal beside it, and looks whether it is whole. */
function settle(file: string): void {
  const copy = new DatabaseSync(file)
  try {
    copy.exec('PRAGMA journal_mode = delete')
    const complaints = copy
      .prepare('PRAGMA quick_check(5)')
      .all()
      .map((row) => String(Object.values(row)[0]))
    if (complaints.join() !== 'ok') throw new DatabaseError('damaged', complaints.join('; ').slice(0, 500))
  } finally {
    copy.close()
  }
}
