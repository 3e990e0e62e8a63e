import { StartError } from '@rport/host'
import { errorCode, errorMessage, joinHostPort } from '@rport/kit'

/** What was to be listened on, and where the address comes from. */
export interface ListenPurpose {
  /** As in "cannot listen for agents". */
  readonly whom: string
  /** The setting that names the address: `[server] address`. */
  readonly setting: string
}

/** The end of a start whose address could not be had: says the address, the reason and what to change. */
export function listenFault(
  { whom, setting }: ListenPurpose,
  { host, port }: { readonly host: string; readonly port: number },
  error: unknown,
): StartError {
  const advice = adviceFor(errorCode(error), setting) ?? errorMessage(error)
  return new StartError(`cannot listen for ${whom} on ${joinHostPort(host, port)}: ${advice}`, { cause: error })
}

function adviceFor(code: string | undefined, setting: string): string | undefined {
  if (code === 'EADDRINUSE') return `another program has this port. Stop it, or set ${setting} to a free one.`
  if (code === 'EACCES') return `this user may not use the port. Set ${setting} to a port from 1024 up.`
  if (code === 'EADDRNOTAVAIL') return `this machine has no such address. Correct ${setting}.`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `this name has no address. Write an address in ${setting}.`
  return undefined
}
