import { apiError } from '@rport/api'
import { MS_PER_MINUTE, parseDuration } from '@rport/kit'
import type { JsonObject } from '@rport/protocol'
import { RE2JS } from 're2js'

/** What the value of a restriction has to look like. */
type Shape = 'texts' | 'range' | 'switch' | 'expression' | 'expressions'

/** Keys of `tunnels_restricted`; what each means is decided in tunnel-policy.ts. */
const tunnelKeys = {
  local: 'texts',
  remote: 'texts',
  scheme: 'texts',
  acl: 'texts',
  protocol: 'texts',
  'idle-timeout-minutes': 'range',
  'auto-close': 'range',
  'skip-idle-timeout': 'switch',
  http_proxy: 'switch',
  auth_allowed: 'switch',
  host_header: 'expression',
} as const satisfies Readonly<Record<string, Shape>>

/** Keys of `commands_restricted`. */
const commandKeys = {
  allow: 'expressions',
  deny: 'expressions',
  is_sudo: 'switch',
} as const satisfies Readonly<Record<string, Shape>>

const MAX_ITEMS = 1000
const MAX_CHARS = 1000

/**
 * Checks a restriction before it is stored, its keys in lower case. Unknown keys are refused: a rule with a typing error
 * would restrict nothing.
 * @returns null for none: null and the empty object
 * @throws  ApiError restriction_invalid, naming key, value and what is expected
 */
const parseRestriction =
  (name: string, keys: Readonly<Record<string, Shape>>) =>
  (value: Readonly<Record<string, unknown>> | null | undefined): JsonObject | null => {
    const parsed: Record<string, JsonObject[string]> = {}
    for (const [key, item] of Object.entries(value ?? {})) {
      const lower = key.toLowerCase()
      const shape = Object.hasOwn(keys, lower) ? keys[lower] : undefined
      if (shape === undefined) {
        const known = Object.keys(keys).join(', ')
        throw invalid(`${name} has no key ${JSON.stringify(key.slice(0, 60))}; it has ${known}`)
      }
      parsed[lower] = checkValue(`${name}.${lower}`, shape, item)
    }
    return Object.keys(parsed).length === 0 ? null : parsed
  }

export const parseTunnelRestriction = parseRestriction('tunnels_restricted', tunnelKeys)
export const parseCommandRestriction = parseRestriction('commands_restricted', commandKeys)

/** One end of a range: a number of minutes or a duration such as `1h30m`. @returns milliseconds; undefined: neither */
export function parseRangeEnd(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value * MS_PER_MINUTE : undefined
  const durationMs = typeof value === 'string' ? parseDuration(value) : undefined
  return durationMs !== undefined && durationMs >= 0 ? durationMs : undefined
}

const invalid = (reason: string) => apiError('restriction_invalid', { reason })

function checkValue(name: string, shape: Shape, value: unknown): JsonObject[string] {
  switch (shape) {
    case 'switch':
      if (typeof value === 'boolean') return value
      throw invalid(`${name} must be true or false`)
    case 'expression':
      return checkExpression(name, value)
    case 'expressions':
      return checkTexts(name, value).map((item, index) => checkExpression(`${name}[${index}]`, item))
    case 'texts':
      return checkTexts(name, value)
    case 'range':
      return checkRange(name, value)
  }
}

function checkTexts(name: string, value: unknown): string[] {
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string' && item.length <= MAX_CHARS)
  if (isTexts && value.length <= MAX_ITEMS) return value
  throw invalid(`${name} must be a list of at most ${MAX_ITEMS} texts of at most ${MAX_CHARS} characters`)
}

/** Linear in time whatever the expression is: it will be held against texts of others. */
function checkExpression(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_CHARS) throw invalid(`${name} must be a regular expression`)
  try {
    RE2JS.compile(value)
    return value
  } catch (error) {
    throw apiError('restriction_invalid', { reason: `${name} is no regular expression (RE2 syntax)` }, { cause: error })
  }
}

function checkRange(name: string, value: unknown): JsonObject {
  const hint = `${name} must be an object of min and max, each a number of minutes or a duration such as "1h30m"`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(hint)
  const range: Record<string, JsonObject[string]> = {}
  for (const [key, end] of Object.entries(value)) {
    const lower = key.toLowerCase()
    if ((lower !== 'min' && lower !== 'max') || parseRangeEnd(end) === undefined) throw invalid(hint)
    range[lower] = end
  }
  const [minMs = 0, maxMs = Number.POSITIVE_INFINITY] = [parseRangeEnd(range['min']), parseRangeEnd(range['max'])]
  if (minMs > maxMs) throw invalid(`${name}: min is above max`)
  return range
}
