import { ZERO_TIME } from '@rport/protocol'
import { z } from 'zod'

/**
 * Writes an instant as the API does: RFC 3339 in UTC, trailing zeros of the fraction cut.
 * @param at  milliseconds since 1970; undefined gives the zero time of the original's runtime
 */
export function toTimeText(at: number | undefined): string {
  if (at === undefined) return ZERO_TIME
  return new Date(at).toISOString().replace(/\.?0*Z$/, 'Z')
}

/** A time in a reply. */
export const TimeText = z.string().meta({ format: 'date-time' })
