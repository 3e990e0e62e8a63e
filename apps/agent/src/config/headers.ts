import type { Objection } from '@rport/config'
import { Secret } from '@rport/kit'

/** Longest part of a header that is shown; a name is not longer. */
const MAX_NAME_CHARS = 40

/** Takes `Name: Value` apart at the first colon. */
export function toHeader(line: string): { name: string; value: Secret } {
  const colon = line.indexOf(':')
  return { name: line.slice(0, colon).trim(), value: new Secret(line.slice(colon + 1).trim()) }
}

/** Checks headers; their values may be secrets and are not shown. A line end in one would begin another header. */
export function objectToHeaders(lines: readonly string[]): Objection | undefined {
  const fix = 'write "HeaderName: HeaderContent"'
  for (const line of lines) {
    const name = line.split(':')[0] ?? ''
    if (!line.includes(':') || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      const shown = JSON.stringify(name.trim().split(' ')[0]?.slice(0, MAX_NAME_CHARS))
      return { message: `invalid header ${shown}. Should be in the format "HeaderName: HeaderContent"`, fix }
    }
    if (/[^\t\x20-\x7e\x80-\xff]/.test(line)) {
      return { message: `invalid header "${name}": its value has characters that no header may have`, fix }
    }
  }
  return undefined
}
