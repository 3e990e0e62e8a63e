import { parseIp } from '@rport/kit'
import { MAX_HOST_CHARS, MAX_PORT } from './limits.ts'

/**
 * Whether `text` can name a machine: a DNS name, an IPv4 address, or an IPv6 address without brackets (a zone may
 * follow). Nothing that has a meaning in a target text (`/`, blanks, `@`, brackets) passes.
 */
export function isHost(text: string): boolean {
  if (text.length > MAX_HOST_CHARS) return false
  if (text.includes(':')) return parseIp(text) !== undefined
  return /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}._-]*$/u.test(text)
}

/** Reads a port from 1 to 65535; undefined when the text is none. */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined
  const port = Number(text)
  return port >= 1 && port <= MAX_PORT ? port : undefined
}

/** A text of the other side, short enough for an error message. */
export const excerpt = (text: string, maxChars = 100): string =>
  text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
