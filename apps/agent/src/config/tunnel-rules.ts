import type { Objection } from '@rport/config'
import { errorMessage } from '@rport/kit'
import { parseTunnelAllowed } from '@rport/protocol'

/** Checks the rules for targets; the messages are the original's. */
export function objectToTunnelAllowed(texts: readonly string[]): Objection | undefined {
  try {
    parseTunnelAllowed(texts)
    return undefined
  } catch (error) {
    return {
      message: `invalid "tunnel_allowed" config: ${errorMessage(error)}`,
      fix: 'write addresses, networks and ports such as "127.0.0.1", "10.0.0.0/8:443", "[::1]:22" or ":22"',
    }
  }
}
