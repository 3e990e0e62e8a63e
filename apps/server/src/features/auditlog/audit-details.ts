import { mask, Secret } from '@rport/kit'

/** Longer names and ids are cut: they come from requests. */
const MAX_TEXT_LENGTH = 500
/** Longer details are replaced by their beginning: one row must not fill the disk. */
const MAX_DETAILS_LENGTH = 65_536
const KEPT_LENGTH = 2000
/** Deeper details than any of the API. */
const MAX_DEPTH = 32

const SECRET_KEY = /(?:^|[_-])(?:password|passphrase|passwd|secret|token|code|private[_-]?key|api[_-]?key)$/i

/** A name or an id as it is stored. */
export const auditText = (text: string): string =>
  text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH)}…`

/** The JSON text of a request or a response with its secrets masked; '' for undefined. */
export function detailsText(value: unknown): string {
  if (value === undefined) return ''
  const text = JSON.stringify(masked(value, 0)) ?? ''
  if (text.length <= MAX_DETAILS_LENGTH) return text
  return JSON.stringify({ truncated: true, length: text.length, start: text.slice(0, KEPT_LENGTH) })
}

function masked(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Secret) return value
  if (depth === MAX_DEPTH) return '…'
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1))
  if ('toJSON' in value) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_KEY.test(key) && item !== null && typeof item !== 'boolean' ? maskedSecret(item) : masked(item, depth + 1),
    ]),
  )
}

/** The empty text stays, so that "not set" can be told. */
const maskedSecret = (value: unknown): string => mask(typeof value === 'string' ? value : 'x')
