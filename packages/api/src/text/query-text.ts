import { parseDuration } from '@rport/kit'
import { z } from 'zod'

/** Longer than any value that an operation understands. */
const MAX_TEXT_LENGTH = 4096

/** Go's strconv.ParseBool knows these and no others. */
const BOOL_TEXTS: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  T: true,
  TRUE: true,
  true: true,
  True: true,
  '0': false,
  f: false,
  F: false,
  FALSE: false,
  false: false,
  False: false,
}

/** Reads a truth value in the original's spellings; undefined for anything else, the empty text included. */
export const parseBoolText = (text: string): boolean | undefined =>
  Object.hasOwn(BOOL_TEXTS, text) ? BOOL_TEXTS[text] : undefined

/**
 * Reads a whole number: digits with an optional sign, nothing else. No empty text, blanks, `0x10`, `1e3` or `1.0`.
 * @returns undefined for what is no such number or is beyond 2^53
 */
export function parseIntText(text: string): number | undefined {
  if (text.length > 20 || !/^[+-]?\d+$/.test(text)) return undefined
  // Adding 0 makes 0 of -0.
  const value = Number(text) + 0
  return Number.isSafeInteger(value) ? value : undefined
}

/** A bounded text, as sent. */
export const plainText = ({ maxLength = MAX_TEXT_LENGTH }: { maxLength?: number } = {}) => z.string().max(maxLength)

/**
 * A text whose meaning is decided later, because the original checks it at a certain point with texts of its own.
 * `shape` is what the reference says about it.
 */
export const lateText = (shape: Readonly<Record<string, unknown>>) => plainText().meta(shape)

/** A whole number within bounds, both included. */
export const intText = ({ min, max }: { min: number; max: number }) =>
  z
    .string()
    .transform((text, context) => {
      const value = parseIntText(text)
      if (value !== undefined && value >= min && value <= max) return value
      context.addIssue({ code: 'custom', message: `expected a whole number from ${min} to ${max}` })
      return z.NEVER
    })
    .meta({ type: 'integer', minimum: min, maximum: max })

/** A truth value: 1, t, true, 0, f, false, also in upper and title case. */
export const boolText = () =>
  z
    .string()
    .transform((text, context) => {
      const value = parseBoolText(text)
      if (value !== undefined) return value
      context.addIssue({ code: 'custom', message: 'expected 1, t, true, 0, f or false' })
      return z.NEVER
    })
    .meta({ type: 'boolean' })

/** A duration in Go's grammar (`90s`, `1h30m`), within bounds; milliseconds after parsing. */
export const durationText = ({ minMs, maxMs }: { minMs: number; maxMs: number }) =>
  z
    .string()
    .transform((text, context) => {
      const valueMs = parseDuration(text)
      if (valueMs !== undefined && valueMs >= minMs && valueMs <= maxMs) return valueMs
      context.addIssue({ code: 'custom', message: 'expected a duration such as 90s or 1h30m within the allowed range' })
      return z.NEVER
    })
    .meta({ type: 'string', format: 'duration', examples: ['90s', '1h30m'] })

/** One of several words, in this letter case. */
export const wordText = <const W extends readonly [string, ...string[]]>(words: W) => z.enum(words)
