import { z } from 'zod'

/** What Go writes for a time that was never set. */
export const ZERO_TIME = '0001-01-01T00:00:00Z'

/**
 * Writes an instant as the API does: RFC 3339 in UTC, trailing zeros of the fraction cut.
 * @param at  milliseconds since 1970; undefined gives the zero time
 */
export function toTimeText(at: number | undefined): string {
  if (at === undefined) return ZERO_TIME
  return new Date(at).toISOString().replace(/\.?0*Z$/, 'Z')
}

/** A time in a reply. */
export const TimeText = z.string().meta({ format: 'date-time' })
