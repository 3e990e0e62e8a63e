import { hash } from 'node:crypto'
import type { Clock, Logger } from '@rport/kit'
import { sql } from 'kysely'
import { openExternalSqlite } from '../../db/index.ts'
import { auditText } from './audit-details.ts'
import { type AuditEntry, toEntry } from './audit-event.ts'

/** A row of the original's audit log. */
export interface OriginalRow {
  /** Its number in the file. */
  readonly rowid: number
  /** SHA-256 of all its values (base64url). */
  readonly digest: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly entry: AuditEntry
}

/** An `auditlog.db` of the original, or one of its archives. It is read and never changed. */
export interface OriginalAuditLog {
  first(): Promise<OriginalRow | undefined>
  find(rowid: number): Promise<OriginalRow | undefined>
  /** Rows after one of them, in order. @throws Error naming a row whose time cannot be read */
  after(rowid: number, limit: number): Promise<OriginalRow[]>
  countAfter(rowid: number): Promise<number>
  close(): Promise<void>
}

type Stored = { readonly rowid: number } & Readonly<Record<(typeof COLUMNS)[number], unknown>>

const COLUMNS = [
  'timestamp',
  'application',
  'action',
  'username',
  'remote_ip',
  'affected_id',
  'client_id',
  'client_hostname',
  'request',
  'response',
] as const

export interface OriginalAuditLogOptions {
  readonly file: string
  /** `use_ip_obfuscation` */
  readonly obfuscateAddresses: boolean
  readonly clock: Clock
  readonly log: Logger
}

/** @throws DatabaseError or Error naming the file when it is no audit log of the original */
export async function openOriginalAuditLog(options: OriginalAuditLogOptions): Promise<OriginalAuditLog> {
  const { file } = options
  const database = openExternalSqlite(options)
  const columns = sql.join(COLUMNS.map((name) => sql.ref(name)))
  const select = (condition: ReturnType<typeof sql>, limit: number) =>
    sql<Stored>`select rowid, ${columns} from auditlog where ${condition} order by rowid limit ${limit}`
  const rowsOf = async (condition: ReturnType<typeof sql>, limit: number) => {
    const { rows } = await select(condition, limit).execute(database.read)
    return rows.map((row) => toRow(row, options))
  }
  try {
    await select(sql`true`, 1).execute(database.read)
  } catch (error) {
    await database.close()
    throw new Error(`${file} is no audit log of the original: it has no table "auditlog" with its columns`, {
      cause: error,
    })
  }
  return {
    first: async () => (await rowsOf(sql`true`, 1))[0],
    find: async (rowid) => (await rowsOf(sql`rowid = ${rowid}`, 1))[0],
    after: (rowid, limit) => rowsOf(sql`rowid > ${rowid}`, limit),
    async countAfter(rowid) {
      const { rows } = await sql<{
        count: number
      }>`select count(*) as count from auditlog where rowid > ${rowid}`.execute(database.read)
      return rows[0]?.count ?? 0
    },
    close: () => database.close(),
  }
}

function toRow(stored: Stored, { file, obfuscateAddresses }: OriginalAuditLogOptions): OriginalRow {
  const values = COLUMNS.map((name) => textOf(stored[name]))
  const texts = Object.fromEntries(COLUMNS.map((name, index) => [name, values[index] ?? '']))
  const { timestamp = '', application = '', action = '', client_hostname: hostname = '' } = texts
  const at = instantOf(timestamp)
  if (at === undefined) throw new Error(`${file}: row ${stored.rowid} has the time "${timestamp.slice(0, 60)}"`)
  const event = {
    application: auditText(application),
    action: auditText(action),
    username: texts['username'] ?? '',
    address: texts['remote_ip'] ?? '',
    affectedId: texts['affected_id'] ?? '',
    clientId: texts['client_id'] ?? '',
    request: detailsOf(texts['request'] ?? ''),
    response: detailsOf(texts['response'] ?? ''),
  }
  // The same bounds and masks as for our own: the original kept passwords of proxies in clear.
  const entry = toEntry(event, { hostnameOf: () => hostname, obfuscateAddresses })
  return { rowid: stored.rowid, digest: hash('sha256', JSON.stringify(values), 'base64url'), at, entry }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : value === null ? '' : String(value))

function detailsOf(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text // kept as the text that it is
  }
}

/** `2026-11-21 18:28:21.505352625+00:00`, as the original's driver writes it; also with `T` and `Z`. */
function instantOf(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?) ?(Z|[+-]\d\d:\d\d)$/.exec(text)
  const at = match ? Date.parse(`${match[1]}T${match[2]}${match[3]}`) : Number.NaN
  return Number.isNaN(at) || at < 0 ? undefined : at
}
