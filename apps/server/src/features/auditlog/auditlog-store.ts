import type { FilterTree, PageWindow, SortKey } from '@rport/api'
import { sql } from 'kysely'
import {
  type Database,
  filterSql,
  type ListColumns,
  preparedQuery,
  preparedRows,
  type Queries,
  sortSql,
} from '../../db/index.ts'
import type { ChainEnd } from './audit-chain.ts'
import type { AuditEntry, AuditRow } from './audit-event.ts'
import { appendRows, endOf } from './chain-rows.ts'

/** One thing to be written; all of a batch are written together or not at all. */
export type AuditWrite =
  | { readonly kind: 'intend'; readonly id: number; readonly at: number; readonly entry: AuditEntry }
  /** Rows in this order; the intent that they fulfil is gone then. */
  | {
      readonly kind: 'append'
      readonly at: number
      readonly entries: readonly AuditEntry[]
      readonly intentId?: number
    }
  | { readonly kind: 'drop'; readonly intentId: number }

/** An operation that was begun and has no row. */
export interface Intent {
  readonly id: number
  readonly begunAt: number
  readonly entry: AuditEntry
}

/** Rows that are in an archive file. */
export interface Segment {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly previousHash: string
  readonly lastHash: string
  readonly file: string
}

/** A signature over the chain up to a row. */
export interface Head {
  readonly seq: number
  readonly signedAt: number
  readonly hash: string
  readonly signature: string
}

export interface AuditQuery {
  /** Rows of this user only; undefined: of everybody. */
  readonly username: string | undefined
  readonly filter: FilterTree
  readonly sorts: readonly SortKey[]
  readonly page: PageWindow
}

/** Rows of the audit log and of its side tables. */
export interface AuditStore {
  commit(writes: readonly AuditWrite[]): Promise<void>
  /** The same in somebody else's transaction. */
  join(trx: Queries, write: AuditWrite): Promise<void>
  list(query: AuditQuery): Promise<{ items: AuditRow[]; count: number }>
  intents(): Promise<Intent[]>
  end(): Promise<ChainEnd>
  /** Rows after `after` and before `below` by their numbers, in order. */
  rows(window: { after: number; below?: number; limit: number }): Promise<AuditRow[]>
  /** The number of the first row that was written, or imported, at `since` or later; undefined when there is none. */
  firstSince(since: number): Promise<number | undefined>
  segments(): Promise<Segment[]>
  addSegment(segment: Segment, rotatedAt: number): Promise<void>
  /** Deletes up to `limit` rows that a segment holds. @returns how many */
  deleteUpTo(seq: number, limit: number): Promise<number>
  lastHead(): Promise<Head | undefined>
  heads(): Promise<Head[]>
  addHead(head: Head): Promise<void>
}

const columns: ListColumns = {
  timestamp: { kind: 'time', column: 'logged_at' },
  username: { kind: 'text', column: 'username' },
  remote_ip: { kind: 'text', column: 'remote_ip' },
  application: { kind: 'text', column: 'application' },
  action: { kind: 'text', column: 'action' },
  affected_id: { kind: 'text', column: 'affected_id' },
  client_id: { kind: 'text', column: 'client_id' },
  client_hostname: { kind: 'text', column: 'client_hostname' },
}

/** @param db  only `read` is used by the reading functions */
export function createAuditStore(db: Pick<Database, 'read' | 'write'>): AuditStore {
  return {
    commit: (writes) => db.write((trx) => commitAll(trx, writes)),
    join: (trx, write) => commitAll(trx, [write]),

    async list({ username, filter, sorts, page }) {
      const matching = db.read
        .selectFrom('audit_log')
        .where(filterSql(filter, columns))
        .$if(username !== undefined, (query) => query.where('username', '=', username ?? ''))
      const order = sortSql(sorts, columns)
      const [items, total] = await Promise.all([
        matching
          .selectAll()
          .$if(order !== undefined, (query) => query.orderBy(sql`${order}`))
          .orderBy('seq')
          .limit(page.limit)
          .offset(page.offset)
          .execute(),
        matching.select((columnsOf) => columnsOf.fn.countAll<number>().as('count')).executeTakeFirstOrThrow(),
      ])
      return { items, count: total.count }
    },

    async intents() {
      const rows = await db.read.selectFrom('audit_intents').selectAll().orderBy('begun_at').limit(10_000).execute()
      // Written by ourselves, in `commit`.
      return rows.map((row) => ({ id: row.id, begunAt: row.begun_at, entry: JSON.parse(row.entry) as AuditEntry }))
    },

    end: () => endOf(db.read),

    rows: ({ after, below = Number.MAX_SAFE_INTEGER, limit }) =>
      db.read
        .selectFrom('audit_log')
        .selectAll()
        .where('seq', '>', after)
        .where('seq', '<', below)
        .orderBy('seq')
        .limit(limit)
        .execute(),

    async firstSince(since) {
      const first = db.read.selectFrom('audit_log').select((columnsOf) => columnsOf.fn.min('seq').as('seq'))
      const found = await Promise.all([
        first.where('logged_at', '>=', since).executeTakeFirst(),
        // Two conditions, so that the index of imported rows serves.
        first.where('imported_at', '>', 0).where('imported_at', '>=', since).executeTakeFirst(),
      ])
      const seqs = found.flatMap((row) => row?.seq ?? [])
      return seqs.length === 0 ? undefined : Math.min(...seqs)
    },

    async segments() {
      const rows = await db.read.selectFrom('audit_segments').selectAll().orderBy('last_seq').execute()
      return rows.map((row) => ({
        firstSeq: row.first_seq,
        lastSeq: row.last_seq,
        previousHash: row.previous_hash,
        lastHash: row.last_hash,
        file: row.file,
      }))
    },

    addSegment: (segment, rotatedAt) =>
      db.write(async (trx) => {
        await trx
          .insertInto('audit_segments')
          .values({
            first_seq: segment.firstSeq,
            last_seq: segment.lastSeq,
            previous_hash: segment.previousHash,
            last_hash: segment.lastHash,
            file: segment.file,
            rotated_at: rotatedAt,
          })
          .execute()
      }),

    deleteUpTo: (seq, limit) =>
      db.write(async (trx) => {
        const oldest = trx.selectFrom('audit_log').select('seq').where('seq', '<=', seq).orderBy('seq').limit(limit)
        const result = await trx.deleteFrom('audit_log').where('seq', 'in', oldest).executeTakeFirst()
        return Number(result.numDeletedRows)
      }),

    async lastHead() {
      const row = await db.read.selectFrom('audit_heads').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirst()
      return row && toHead(row)
    },

    async heads() {
      return (await db.read.selectFrom('audit_heads').selectAll().orderBy('seq').execute()).map(toHead)
    },

    addHead: (head) =>
      db.write(async (trx) => {
        await trx
          .insertInto('audit_heads')
          .values({ seq: head.seq, signed_at: head.signedAt, hash: head.hash, signature: head.signature })
          .execute()
      }),
  }
}

const toHead = (row: { seq: number; signed_at: number; hash: string; signature: string }): Head => ({
  seq: row.seq,
  signedAt: row.signed_at,
  hash: row.hash,
  signature: row.signature,
})

const insertIntents = preparedRows('audit_intents', ['id', 'begun_at', 'entry'])
const deleteIntent = preparedQuery('delete from audit_intents where id = ?')

async function commitAll(trx: Queries, writes: readonly AuditWrite[]): Promise<void> {
  const intents = writes.filter((write) => write.kind === 'intend')
  await insertIntents(
    trx,
    intents.map(({ id, at, entry }) => [id, at, JSON.stringify(entry)]),
  )
  const appended = writes.flatMap((write) =>
    write.kind === 'append' ? write.entries.map((entry) => ({ entry, at: write.at, importedAt: 0 })) : [],
  )
  await appendRows(trx, appended)
  for (const write of writes) {
    if (write.kind !== 'intend' && write.intentId !== undefined) await deleteIntent(trx, [write.intentId])
  }
}
