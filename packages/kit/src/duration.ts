/** Nanoseconds in each unit of Go's duration text; the original's configuration and API use that grammar. */
const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

export const NS_PER_MS = 1e6
export const MS_PER_SECOND = 1000
export const MS_PER_MINUTE = 60_000
export const MS_PER_HOUR = 3_600_000

/** Go keeps durations in a signed 64-bit count of nanoseconds; longer ones are refused. */
const MAX_NS = 2 ** 63

/**
 * Reads a duration in Go's grammar: `1h30m`, `90s`, `500ms`, `-1.5h`, `0`.
 * @returns milliseconds (fractions kept), or undefined when the text is no duration
 * @see     Go, time.ParseDuration
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)(.*)$/s.exec(text)
  const sign = match?.[1] === '-' ? -1 : 1
  let rest = match?.[2] ?? ''
  if (rest === '0') return 0
  if (rest === '' || rest.length > 100) return undefined
  let totalNs = 0
  while (rest !== '') {
    const part = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/.exec(rest)
    if (!part) return undefined
    totalNs += Number(part[1]) * (UNIT_NS[part[2] ?? ''] ?? Number.NaN)
    rest = rest.slice(part[0].length)
  }
  return totalNs < MAX_NS ? (sign * totalNs) / NS_PER_MS : undefined
}

/** Writes milliseconds as Go does: `744h0m0s`, `1m30s`, `2s`, `1.5s`, `500ms`, `0s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  const sign = durationMs < 0 ? '-' : ''
  const ms = Math.abs(durationMs)
  if (ms < 1e-3) return `${sign}${trimFraction(ms * 1e6)}ns`
  if (ms < 1) return `${sign}${trimFraction(ms * 1e3)}µs`
  if (ms < MS_PER_SECOND) return `${sign}${trimFraction(ms)}ms`
  const hours = Math.floor(ms / MS_PER_HOUR)
  const minutes = Math.floor((ms % MS_PER_HOUR) / MS_PER_MINUTE)
  const seconds = trimFraction((ms % MS_PER_MINUTE) / MS_PER_SECOND)
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`
}

const trimFraction = (value: number): string => String(Number(value.toFixed(9)))
