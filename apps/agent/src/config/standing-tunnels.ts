import type { Resolution } from '@rport/config'
import { errorMessage, parseIp } from '@rport/kit'
import {
  isTargetAllowed,
  parseCommandLineRemote,
  parseRemote,
  parseTunnelAllowed,
  type RemoteSpec,
} from '@rport/protocol'
import type { AgentSections } from './schema.ts'
import { objectToTunnelAllowed } from './tunnel-rules.ts'

/**
 * Reads the standing tunnels. On the command line an empty target means port 22. A tunnel that the machine's own rules
 * forbid could never carry anything, so it is a fault; names are not resolved here, they are judged when they are dialled.
 */
export function readRemotes(resolution: Resolution<AgentSections>): { text: string; spec: RemoteSpec }[] {
  const { settings, origin, object, notice } = resolution
  const { remotes, tunnel_allowed: allowed } = settings.client
  const isTyped = origin('client.remotes').kind === 'argument'
  const rules = objectToTunnelAllowed(allowed) === undefined ? parseTunnelAllowed(allowed) : []
  return remotes.flatMap((text) => {
    try {
      const { remote: spec, notice: assumed } = isTyped
        ? parseCommandLineRemote(text)
        : { remote: parseRemote(text), notice: undefined }
      if (assumed !== undefined)
        notice({ level: 'warn', message: 'a remote was completed', fields: { remote: assumed } })
      if (parseIp(spec.targetHost) && !isTargetAllowed(rules, [spec.targetHost], spec.targetPort)) {
        object(['client.remotes', 'client.tunnel_allowed'], {
          message: `remote ${JSON.stringify(text)} is not allowed by "tunnel_allowed" config`,
          fix: 'remove the remote, or allow its target',
        })
      }
      return [{ text, spec }]
    } catch (error) {
      object(['client.remotes'], {
        message: `failed to decode remote ${JSON.stringify(text.slice(0, 100))}: ${errorMessage(error)}`,
        fix: 'write "22", "2222:22" or "2222:10.0.0.5:22", with /udp behind it for UDP',
      })
      return []
    }
  })
}
