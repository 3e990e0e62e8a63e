import { MS_PER_SECOND } from '@rport/kit'

export type LinkState = 'initialized' | 'connected' | 'reconnecting'

const MS_PER_MINUTE = 60_000
const digits = (value: number, count = 2): string => String(value).padStart(count, '0')

/**
 * What state.json says; fields, order and indentation are the original's, because monitoring scripts read it.
 * @param atMs           milliseconds since 1970
 * @param offsetMinutes  minutes that local time is ahead of UTC
 */
export function stateText(state: LinkState, message: string, atMs: number, offsetMinutes: number): string {
  const document = {
    last_update: localTime(atMs, offsetMinutes),
    last_update_ts: Math.floor(atMs / MS_PER_SECOND),
    last_state: state,
    last_message: message,
  }
  return JSON.stringify(document, null, 2)
}

/** RFC 3339 in local time, as Go writes it: `2026-01-01T01:00:00.5+01:00`, `Z` without an offset. */
function localTime(atMs: number, offsetMinutes: number): string {
  const local = new Date(atMs + offsetMinutes * MS_PER_MINUTE).toISOString().replace(/\.?0*Z$/, '')
  if (offsetMinutes === 0) return `${local}Z`
  const minutes = Math.abs(offsetMinutes)
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`
}
