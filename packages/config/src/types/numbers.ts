import { formatDuration, NS_PER_MS, parseDuration } from '@rport/kit'
import { type OptionType, optionType, ValueError } from '../option-type.ts'
import { kindOf, quote, type RawValue } from '../raw-value.ts'

/** Bounds of a number; both ends are allowed. */
export interface Bounds {
  readonly min?: number
  readonly max?: number
}

/** Go's strconv.ParseBool, which the original read texts with. */
const TRUE_WORDS = ['1', 't', 'T', 'true', 'TRUE', 'True']
const FALSE_WORDS = ['0', 'f', 'F', 'false', 'FALSE', 'False']

/** true or false; 0, 1 and the usual words count, as in the original. */
export const bool = (): OptionType<boolean> =>
  optionType({
    name: 'true or false',
    placeholder: '',
    advice: 'write true or false',
    flagStyle: 'switch',
    emptyIsUnset: false,
    read: (raw) => {
      if (typeof raw === 'boolean') return raw
      const word = typeof raw === 'object' ? '' : String(raw)
      if (TRUE_WORDS.includes(word)) return true
      if (FALSE_WORDS.includes(word)) return false
      throw new ValueError('is neither true nor false')
    },
    write: String,
  })

/** A whole number; a text of digits counts. */
export const int = (bounds: Bounds = {}, unit = 'N'): OptionType<number> =>
  optionType({
    name: 'whole number',
    placeholder: unit,
    advice: `write a whole number${describeBounds(bounds)}`,
    emptyIsUnset: false,
    read: (raw) => {
      const value = readNumber(raw, /^[+-]?\d{1,19}$/)
      if (!Number.isSafeInteger(value)) throw new ValueError('is no whole number')
      return withinBounds(value, bounds)
    },
    write: String,
  })

/** A number that may have a fraction. */
export const float = (bounds: Bounds = {}, unit = 'N'): OptionType<number> =>
  optionType({
    name: 'number',
    placeholder: unit,
    advice: `write a number${describeBounds(bounds)}`,
    emptyIsUnset: false,
    read: (raw) => {
      const value = readNumber(raw, /^[+-]?(\d{1,19}(\.\d{0,19})?|\.\d{1,19})$/)
      if (!Number.isFinite(value)) throw new ValueError('is no number')
      return withinBounds(value, bounds)
    },
    write: String,
  })

/**
 * A duration in Go's grammar, in milliseconds.
 * compat: a bare number is a count of nanoseconds, whatever one would expect.
 */
export const duration = (bounds: Bounds = { min: 0 }): OptionType<number> =>
  optionType({
    name: 'duration',
    placeholder: 'DURATION',
    advice: 'write a number with a unit of h, m, s or ms, such as "1h30m" or "30s"',
    emptyIsUnset: false,
    read: (raw) => {
      const durationMs = typeof raw === 'string' ? parseDuration(raw.trim()) : readNumber(raw, /^$/) / NS_PER_MS
      if (durationMs === undefined || !Number.isFinite(durationMs)) throw new ValueError('is no duration')
      if (bounds.min !== undefined && durationMs < bounds.min) {
        throw new ValueError(`is shorter than ${formatDuration(bounds.min)}${bareNumberHint(raw)}`)
      }
      if (bounds.max !== undefined && durationMs > bounds.max) {
        throw new ValueError(`is longer than ${formatDuration(bounds.max)}`)
      }
      return durationMs
    },
    write: (durationMs) => quote(formatShort(durationMs)),
  })

/** Go's form without the units that are zero: `1h` instead of `1h0m0s`. */
export const formatShort = (durationMs: number): string =>
  formatDuration(durationMs).replace(/^(-?\d+h(?:[1-9]\d*m)?|-?\d+m)(?:0m)?0s$/, '$1')

/** Somebody who writes 3600 means seconds; say what was understood. */
const bareNumberHint = (raw: RawValue): string =>
  typeof raw === 'string' || raw === 0 ? '' : ' (a number without a unit counts nanoseconds)'

function readNumber(raw: RawValue, grammar: RegExp): number {
  if (typeof raw === 'number' || typeof raw === 'bigint') return Number(raw)
  if (typeof raw === 'string') return grammar.test(raw.trim()) && raw.trim() !== '' ? Number(raw) : Number.NaN
  throw new ValueError(`is ${kindOf(raw)}, not a number`)
}

function withinBounds(value: number, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Bounds) {
  if (value < min) throw new ValueError(`is less than ${min}`)
  if (value > max) throw new ValueError(`is more than ${max}`)
  return value
}

function describeBounds({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` from ${min} up`
  return max === undefined ? '' : ` up to ${max}`
}
