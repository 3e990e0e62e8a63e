import { splitHostPort } from '@rport/kit'
import type { Fields } from './go-fields.ts'
import { isHost } from './host-text.ts'
import { MAX_REMOTE_CHARS } from './limits.ts'

/** One end of a connection; IPv6 addresses are without brackets. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Reads `host:port` or `[IPv6]:port`; undefined when it is none that can be dialled. */
export function parseHostPort(text: string): HostPort | undefined {
  if (text.length > MAX_REMOTE_CHARS) return undefined
  const parts = splitHostPort(text)
  return parts && parts.port > 0 && isHost(parts.host) ? parts : undefined
}

/** @throws DecodeError */
export function readHostPort(fields: Fields, key: string): HostPort {
  const text = fields.exactText(key, MAX_REMOTE_CHARS)
  const parts = parseHostPort(text)
  if (!parts) throw fields.refuse(key, JSON.stringify(text), 'host:port, IPv6 addresses in brackets')
  return parts
}
