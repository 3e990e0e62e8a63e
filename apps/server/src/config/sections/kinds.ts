import { listOf, type OptionType, optionType, parsedText, readTexts, ValueError } from '@rport/config'
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '@rport/kit'

const MS_PER_DAY = 24 * MS_PER_HOUR
const MS_PER_UNIT: Readonly<Record<string, number>> = {
  w: 7 * MS_PER_DAY,
  d: MS_PER_DAY,
  h: MS_PER_HOUR,
  m: MS_PER_MINUTE,
  s: MS_PER_SECOND,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
}

/** A duration that knows weeks and days, too, in milliseconds: `1w2d`, `36h`. */
export const longDuration = (): OptionType<number> =>
  parsedText({
    name: 'duration with days',
    placeholder: 'DURATION',
    advice: 'write numbers with units of w, d, h, m or s, such as "7d" or "1d12h"',
    parse: (text) => {
      const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(w|d|h|ms|m|us|µs|ns|s)/g)]
      if (text !== '0' && (parts.length === 0 || parts.map(([part]) => part).join('') !== text)) {
        throw new ValueError('is no duration')
      }
      return parts.reduce((sumMs, [, count, unit]) => sumMs + Number(count) * (MS_PER_UNIT[unit ?? ''] ?? 0), 0)
    },
    format: formatDays,
  })

/** One number with `d` or `h`, in milliseconds; the messages are the original's. */
export const daysOrHours = (): OptionType<number> =>
  parsedText({
    name: 'days or hours',
    placeholder: 'DURATION',
    advice: 'write a number with d (days) or h (hours), such as "7d"',
    parse: (text) => {
      const key = "'data_storage_duration'"
      if (text === '') throw new Error(`${key} must not be empty value`)
      if (text.length < 2) throw new Error(`${key} must include value and units, use suffix d (=days) or h (=hours)`)
      const unit = text.slice(-1).toLowerCase()
      if (unit !== 'd' && unit !== 'h') throw new Error(`${key} must include units of either d (=days) or h (=hours)`)
      if (!/^\d{1,6}$/.test(text.slice(0, -1))) throw new Error(`${key} must be simple value: ${text.slice(0, 20)}`)
      const durationMs = Number(text.slice(0, -1)) * (MS_PER_UNIT[unit] ?? 0)
      if (durationMs < MS_PER_HOUR) throw new Error('monitoring results must be stored for at least 1 hour')
      return durationMs
    },
    format: formatDays,
  })

/** A count of days, in milliseconds. */
export const days = (): OptionType<number> =>
  optionType({
    name: 'whole number',
    placeholder: 'DAYS',
    advice: 'write a number of days',
    emptyIsUnset: false,
    read: (raw) => {
      if (!/^\d{1,5}$/.test(String(raw))) throw new ValueError('is no number of days')
      return Number(raw) * MS_PER_DAY
    },
    write: (durationMs) => String(durationMs / MS_PER_DAY),
  })

/** Smallest version of TLS; the empty text means 1.3. */
export const tlsVersion = (): OptionType<'1.2' | '1.3'> =>
  parsedText({
    name: '`1.2`, `1.3`',
    placeholder: '1.2|1.3',
    advice: 'write "1.2" or "1.3"',
    parse: (text) => {
      if (text === '' || text === '1.3') return '1.3'
      if (text === '1.2') return '1.2'
      throw new Error('TLS must be either 1.2 or 1.3')
    },
    format: (version) => version,
  })

/** Port numbers and ranges, kept as written; `port-policy.ts` reads them. Numbers without quotes count, too. */
export const portTexts = (): OptionType<readonly string[]> => ({
  ...listOf({
    name: 'list of ports and ranges',
    placeholder: 'PORTS',
    advice: 'write ports and ranges such as ["20000-30000", "9090"]',
    parse: (text) => text.trim(),
    format: (text: string) => text,
  }),
  read: (raw) => readTexts(raw).map((text) => text.trim()),
})

function formatDays(durationMs: number): string {
  return durationMs % MS_PER_DAY === 0 ? `${durationMs / MS_PER_DAY}d` : `${durationMs / MS_PER_HOUR}h`
}
