import { z } from 'zod'
import type { AuditRow } from './audit-event.ts'

const Line = z.strictObject({
  seq: z.int().min(1),
  timestamp: z.iso.datetime(),
  imported_at: z.iso.datetime().optional(),
  username: z.string(),
  remote_ip: z.string(),
  application: z.string(),
  action: z.string(),
  affected_id: z.string(),
  client_id: z.string(),
  client_hostname: z.string(),
  request: z.string(),
  response: z.string(),
  hash: z.string(),
})

/** A row as one line of JSON: the form of archives and exports. Everything that its hash covers is in it. */
export function toLine({ logged_at, seq, imported_at, ...rest }: AuditRow): string {
  const timestamp = new Date(logged_at).toISOString()
  return JSON.stringify({
    seq,
    timestamp,
    ...(imported_at !== 0 && { imported_at: new Date(imported_at).toISOString() }),
    ...rest,
  })
}

/** Reads a line; undefined when it is none. */
export function parseLine(text: string): AuditRow | undefined {
  const parsed = Line.safeParse(parseJson(text))
  if (!parsed.success) return undefined
  const { timestamp, imported_at: imported, ...rest } = parsed.data
  const importedAt = imported === undefined ? 0 : Date.parse(imported)
  const row = { ...rest, logged_at: Date.parse(timestamp), imported_at: importedAt }
  // Another spelling of the same row (blanks, escapes, order) is not what was written.
  return toLine(row) === text ? row : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no JSON is no line, which the schema says
  }
}

/** Facility "log audit", severity "informational". @see RFC 5424 §6.2.1 */
const SYSLOG_PRIORITY = 13 * 8 + 6

/** A row as a syslog line whose message is the JSON of `toLine`. @see RFC 5424 §6 */
export const toSyslogLine = (row: AuditRow, hostname: string): string =>
  `<${SYSLOG_PRIORITY}>1 ${new Date(row.logged_at).toISOString()} ${hostname} rportd - audit - ${toLine(row)}`
