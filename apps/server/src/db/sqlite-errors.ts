import { DatabaseError, type DatabaseFailure } from './database-error.ts'

/** Result codes of SQLite, primary ones but for one, that speak about the file and not about the query. @see https://sqlite.org/rescode.html */
const FAILURES: Readonly<Record<number, { failure: DatabaseFailure; text: string }>> = {
  5: { failure: 'busy', text: 'the database is locked by another process' },
  6: { failure: 'busy', text: 'a table of the database is locked' },
  8: {
    failure: 'unreachable',
    text: 'the database file cannot be written: check owner and mode of the file and its folder',
  },
  10: { failure: 'unreachable', text: 'reading or writing the database file failed: check the disk' },
  11: { failure: 'damaged', text: 'the database file is damaged' },
  13: { failure: 'full', text: 'the disk of the database is full: free some space' },
  14: {
    failure: 'unreachable',
    text: 'the database file cannot be opened: check that it exists, its owner and its mode',
  },
  26: { failure: 'damaged', text: 'the file is no SQLite database' },
  // An extended code: a reader found a rollback journal, which only a writer may play back.
  776: {
    failure: 'half-written',
    text: 'a process was killed while it wrote to the database file: start rportd, which takes back what is half-written',
  },
}

/** Extended result codes of a broken UNIQUE or PRIMARY KEY constraint. */
const DUPLICATE_CODES: ReadonlySet<number> = new Set([2067, 1555])

const resultCode = (thrown: unknown): number | undefined => {
  const code = (thrown as { errcode?: unknown } | null | undefined)?.errcode
  return typeof code === 'number' ? code : undefined
}

/** Turns a failure of the file into a DatabaseError; everything else is returned as it came. */
export function toDatabaseError(thrown: unknown): unknown {
  const code = resultCode(thrown)
  const known = code === undefined ? undefined : (FAILURES[code] ?? FAILURES[code & 0xff])
  return known ? new DatabaseError(known.failure, known.text, { cause: thrown }) : thrown
}

/** Whether a query failed because a row with this key is there already. */
export function isDuplicateKey(thrown: unknown): boolean {
  const code = resultCode(thrown)
  return code !== undefined && DUPLICATE_CODES.has(code)
}
