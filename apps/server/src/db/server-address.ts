import { splitHostPort } from '@rport/kit'
import { DatabaseError } from './database-error.ts'

/** Where a database server listens: a socket of this machine, or host and port. */
export type ServerPlace =
  | { readonly socket: string; readonly shown: string }
  | { readonly socket?: undefined; readonly host: string; readonly port: number; readonly shown: string }

const LOOPBACK = '127.0.0.1'

/**
 * Reads `[database] db_host`: `socket:/path`, `host:port`, `[v6]:port` or a bare host. Undefined and empty: this machine.
 * @throws DatabaseError with the fix
 */
export function readServerPlace(text: string | undefined, usualPort: number): ServerPlace {
  if (text === undefined || text === '') return { host: LOOPBACK, port: usualPort, shown: `${LOOPBACK}:${usualPort}` }
  if (text.startsWith('socket:/')) return { socket: text.slice('socket:'.length), shown: text }
  const found = splitHostPort(text)
  if (found && found.port > 0) return { host: found.host === '' ? LOOPBACK : found.host, port: found.port, shown: text }
  if (/^[A-Za-z0-9._-]{1,253}$/.test(text)) return { host: text, port: usualPort, shown: `${text}:${usualPort}` }
  throw new DatabaseError(
    'unreachable',
    `[database] db_host ${JSON.stringify(text.slice(0, 100))} is no address: write "host:${usualPort}", or "socket:/path" for a socket of this machine`,
  )
}
