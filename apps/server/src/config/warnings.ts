import type { Resolution } from '@rport/config'
import { MS_PER_MINUTE } from '@rport/kit'
import { warnOfOAuth } from './oauth.ts'
import type { ServerSections } from './schema.ts'
import { isCorsOrigin } from './urls.ts'

/** Shortest period of the server's pings. */
export const MIN_CHECK_INTERVAL_MS = 2 * MS_PER_MINUTE

/** Secrets that stand in example files: everybody knows them. */
const WELL_KNOWN = [
  ['server.key_seed', '<YOUR_SEED>'],
  ['server.auth', 'clientAuth1:1234'],
  ['api.auth', 'admin:foobaz'],
  ['api.jwt_secret', '<YOUR_SECRET>'],
] as const

/** Says what is taken otherwise than it was written, or taken although it is unwise. Stops nothing. */
export function warnOfServerSettings(resolution: Resolution<ServerSections>, cpuCount: number): void {
  const { settings, notice, isSet } = resolution
  const { server, api } = settings
  const warn = (message: string, fields: Readonly<Record<string, string>>) => notice({ level: 'warn', message, fields })

  const secrets = new Map(
    Object.entries({
      'server.key_seed': server.key_seed,
      'server.auth': server.auth,
      'api.auth': api.auth,
      'api.jwt_secret': api.jwt_secret,
    }),
  )
  for (const [setting, text] of WELL_KNOWN) {
    if (secrets.get(setting)?.reveal() !== text) continue
    warn('a secret is the one of the example file, which everybody knows: change it', { setting })
  }
  for (const [setting, origins] of [
    ['api.cors', api.cors],
    ['server.tunnel_cors', server.tunnel_cors],
  ] as const) {
    for (const origin of origins.filter((candidate) => !isCorsOrigin(candidate))) {
      warn('an invalid cors origin is left out: write "*" or "https://host" without a path', { setting, origin })
    }
  }
  if (server.check_clients_connection_interval < MIN_CHECK_INTERVAL_MS) {
    warn("'check_clients_connection_interval' is raised to its minimum", { minimum: '2m' })
  }
  const handshakes = server.max_concurrent_ssh_handshakes
  if (handshakes !== undefined && handshakes > 2 * cpuCount) {
    warn("'max_concurrent_ssh_handshakes' is more than twice the number of processors", {
      handshakes: String(handshakes),
      processors: String(cpuCount),
    })
  }
  if (server.connectors > cpuCount) {
    warn("'connectors' is more than the number of processors: more processes are no faster, and each costs memory", {
      connectors: String(server.connectors),
      processors: String(cpuCount),
    })
  }
  if (api.create_missing_users && !isSet('api.default_user_group')) {
    warn('users made at their first login become administrators: name another group', {
      setting: '[api] default_user_group',
    })
  }
  warnOfOAuth(resolution)
  if (server.insecure_no_auth) {
    warn('agents without credentials are let in: whoever reaches the port can register as a client', {
      setting: '[server] insecure_no_auth',
    })
  }
}
