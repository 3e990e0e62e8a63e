import type { Queries } from '../../db/index.ts'
import { CHAIN_START, type ChainEnd, rowHash } from './audit-chain.ts'
import type { AuditEntry, AuditRow } from './audit-event.ts'

/** An entry with its times, before it has its place in the chain. */
export interface DatedEntry {
  readonly entry: AuditEntry
  /** Milliseconds since 1970. */
  readonly at: number
  /** When it was taken over from another audit log; 0 = it is our own. */
  readonly importedAt: number
}

/** Rows in one statement: few enough for the parameters of one, enough that its cost is shared. */
const ROWS_AT_ONCE = 50

/** The last row, or where the last archive ends. */
export async function endOf(queries: Queries): Promise<ChainEnd> {
  const row = await queries
    .selectFrom('audit_log')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row) return row
  const segment = await queries
    .selectFrom('audit_segments')
    .select(['last_seq', 'last_hash'])
    .orderBy('last_seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return segment ? { seq: segment.last_seq, hash: segment.last_hash } : { seq: 0, hash: CHAIN_START }
}

/** Adds entries at the end of the chain, which is asked for in the same transaction: two writers can never follow the same row. */
export async function appendRows(trx: Queries, entries: readonly DatedEntry[]): Promise<void> {
  if (entries.length === 0) return
  let { seq, hash } = await endOf(trx)
  const rows = entries.map(({ entry, at, importedAt }): AuditRow => {
    seq += 1
    const row = { seq, logged_at: at, ...entry, imported_at: importedAt }
    hash = rowHash(hash, row)
    return { ...row, hash }
  })
  for (const chunk of chunks(rows)) await trx.insertInto('audit_log').values(chunk).execute()
}

/** Items in groups that fit into one statement. */
export function* chunks<T>(items: readonly T[]): Generator<T[]> {
  for (let from = 0; from < items.length; from += ROWS_AT_ONCE) yield items.slice(from, from + ROWS_AT_ONCE)
}
