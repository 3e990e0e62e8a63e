import { basename } from 'node:path'
import type { Clock, Logger } from '@rport/kit'
import type { Database, Queries } from '../../db/index.ts'
import { appendRows } from './chain-rows.ts'
import type { OfflineRecorder } from './offline-recorder.ts'
import { type OriginalAuditLog, type OriginalRow, openOriginalAuditLog } from './original-audit-store.ts'

export interface ImportDeps {
  readonly db: Database
  /** An `auditlog.db` of the original. */
  readonly file: string
  /** `use_ip_obfuscation` */
  readonly obfuscateAddresses: boolean
  /** The import is an entry itself. */
  readonly recorder: OfflineRecorder
  /** Told how many entries are done, of how many. */
  readonly onProgress: (done: number, all: number) => void
  readonly clock: Clock
  readonly log: Logger
}

/** Few enough that a running server does not wait for them, and that long rows fit into the memory. */
const ROWS_AT_ONCE = 200

/**
 * Adds the entries of an audit log of the original to the end of ours, with their own times, marked as imported. They are
 * chained from then on: what happened to them before nobody can tell. What was taken before is not taken again, also when
 * the file has grown or has another name; an import that was cut off goes on where it was.
 * @returns how many were added
 * @throws  Error when the file is none, was changed meanwhile, or is being imported by somebody else
 */
export async function importOriginal(deps: ImportDeps): Promise<number> {
  const original = await openOriginalAuditLog(deps)
  try {
    const first = await original.first()
    if (!first) return 0
    const from = await progressOf(deps.db.read, first.digest)
    await requireUnchanged(original, from, deps.file)
    const all = await original.countAfter(from.rowid)
    if (all === 0) return 0
    const request = { file: basename(deps.file), entries: all }
    const event = { application: 'auditlog', action: 'import', request }
    return await deps.recorder.recorded(event, () => takeOver(deps, original, { source: first.digest, from, all }))
  } finally {
    await original.close()
  }
}

interface Progress {
  /** 0 = nothing was taken yet. */
  readonly rowid: number
  readonly digest: string
}

async function takeOver(
  { db, clock, onProgress }: ImportDeps,
  original: OriginalAuditLog,
  { source, from, all }: { source: string; from: Progress; all: number },
): Promise<number> {
  const importedAt = clock.now()
  let done = 0
  let last = from
  // A server that still writes to the file does not keep us here for ever.
  while (done < all) {
    const rows = await original.after(last.rowid, Math.min(ROWS_AT_ONCE, all - done))
    const end = rows.at(-1)
    if (!end) break
    const expected = last
    await db.write((trx) => takeRows(trx, rows, { source, expected, importedAt }))
    last = end
    done += rows.length
    onProgress(done, all)
  }
  return done
}

/** The rows and how far they lead, together. */
async function takeRows(
  trx: Queries,
  rows: readonly OriginalRow[],
  { source, expected, importedAt }: { source: string; expected: Progress; importedAt: number },
): Promise<void> {
  const { rowid } = await progressOf(trx, source)
  if (rowid !== expected.rowid) throw new Error('this audit log is being imported by somebody else')
  await appendRows(
    trx,
    rows.map(({ entry, at }) => ({ entry, at, importedAt })),
  )
  const end = rows.at(-1)
  if (!end) return
  const progress = { last_rowid: end.rowid, last_digest: end.digest, imported_at: importedAt }
  await trx
    .insertInto('audit_imports')
    .values({ source, ...progress })
    .onConflict((conflict) => conflict.column('source').doUpdateSet(progress))
    .execute()
}

async function progressOf(queries: Queries, source: string): Promise<Progress> {
  const row = await queries
    .selectFrom('audit_imports')
    .select(['last_rowid', 'last_digest'])
    .where('source', '=', source)
    .executeTakeFirst()
  return row ? { rowid: row.last_rowid, digest: row.last_digest } : { rowid: 0, digest: '' }
}

/** Numbers alone would not notice that other rows have taken their places. */
async function requireUnchanged(original: OriginalAuditLog, { rowid, digest }: Progress, file: string): Promise<void> {
  if (rowid === 0 || (await original.find(rowid))?.digest === digest) return
  throw new Error(
    `${file} was imported up to row ${rowid}, and that row is not what it was: the file was changed, so nothing is imported`,
  )
}
