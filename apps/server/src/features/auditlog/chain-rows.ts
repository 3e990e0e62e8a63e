import { preparedQuery, preparedRows, type Queries, type QueryValue } from '../../db/index.ts'
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

const lastRow = preparedQuery<ChainEnd>('select seq, hash from audit_log order by seq desc limit 1')
const lastSegment = preparedQuery<ChainEnd>(
  'select last_seq as seq, last_hash as hash from audit_segments order by last_seq desc limit 1',
)
const insertRows = preparedRows('audit_log', [
  'seq',
  'logged_at',
  'username',
  'remote_ip',
  'application',
  'action',
  'affected_id',
  'client_id',
  'client_hostname',
  'request',
  'response',
  'imported_at',
  'hash',
])

/** The last row, or where the last archive ends. */
export async function endOf(queries: Queries): Promise<ChainEnd> {
  const [row] = await lastRow(queries, [])
  if (row) return row
  const [segment] = await lastSegment(queries, [])
  return segment ?? { seq: 0, hash: CHAIN_START }
}

/** Adds entries at the end of the chain, which is asked for in the same transaction: two writers can never follow the same row. */
export async function appendRows(trx: Queries, entries: readonly DatedEntry[]): Promise<void> {
  if (entries.length === 0) return
  let { seq, hash } = await endOf(trx)
  const rows = entries.map(({ entry, at, importedAt }) => {
    seq += 1
    const row = { seq, logged_at: at, ...entry, imported_at: importedAt }
    hash = rowHash(hash, row)
    return valuesOf({ ...row, hash })
  })
  await insertRows(trx, rows)
}

const valuesOf = (row: AuditRow): readonly QueryValue[] => [
  row.seq,
  row.logged_at,
  row.username,
  row.remote_ip,
  row.application,
  row.action,
  row.affected_id,
  row.client_id,
  row.client_hostname,
  row.request,
  row.response,
  row.imported_at,
  row.hash,
]
