import { MS_PER_SECOND } from '@rport/kit'

/**
 * Reads a Retry-After header: seconds, or the instant to come back at, which is measured by the server's own Date header
 * so that a wrong clock on either side does not matter.
 * @returns milliseconds, not bounded; undefined when there is none or it makes no sense
 * @see     RFC 9110 section 10.2.3
 */
export function parseRetryAfter(text: string | undefined, date: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * MS_PER_SECOND
  const waitMs = httpDate(text) - httpDate(date)
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined
}

/** The one form of dates that is still written: `Sun, 06 Nov 1994 08:49:37 GMT`. */
const httpDate = (text = ''): number =>
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : Number.NaN
