import { type Fault, load, type Notice, type Surroundings } from '@rport/config'
import { version } from '@rport/kit'
import { checkServerSettings } from './checks.ts'
import { checkConnectors } from './connector-checks.ts'
import { agentsListenAddress } from './listen-address.ts'
import { toPortPolicy } from './port-policy.ts'
import { serverProgram } from './schema.ts'
import type { ServerConfig } from './server-config.ts'
import { toServerConfig } from './to-server-config.ts'
import { warnOfServerSettings } from './warnings.ts'

/** What came of reading the settings. `print` is a text for standard output, after which the program ends with 0. */
export type LoadedServerConfig =
  | { readonly kind: 'ready'; readonly config: ServerConfig; readonly notices: readonly Notice[] }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }

/** Where settings come from, and what of the machine they depend on. */
export interface ServerSurroundings extends Surroundings {
  readonly cpuCount: number
  /** As the runtime names it; Linux unless told otherwise. */
  readonly platform?: string
}

/**
 * Reads flags, configuration file and environment of `rportd` and checks everything that can be checked without touching
 * the machine: nothing is opened, resolved or contacted.
 */
export function loadServerConfig(surroundings: ServerSurroundings): LoadedServerConfig {
  const loaded = load(serverProgram, surroundings)
  if (loaded.kind === 'help') return { kind: 'print', text: loaded.text }
  if (loaded.kind === 'version') return { kind: 'print', text: `rportd ${version}\n` }
  if (loaded.kind === 'faults') return loaded

  const { resolution, file, flags } = loaded
  const { server } = resolution.settings
  const ports = toPortPolicy(server.used_ports, server.excluded_ports, resolution.isSet('server.used_ports'))
  if (!ports) {
    resolution.object(['server.used_ports', 'server.excluded_ports'], {
      message: "invalid 'used_ports', 'excluded_ports': at least one port should be available for port assignment",
      fix: 'use more ports, or exclude fewer',
    })
  }
  checkServerSettings(resolution)
  checkConnectors(resolution, surroundings.platform ?? 'linux')
  const agentsListen = agentsListenAddress(resolution, flags, surroundings.env)
  if (resolution.faults.length > 0 || !ports) return { kind: 'faults', faults: resolution.faults }
  warnOfServerSettings(resolution, surroundings.cpuCount)
  const environment = inheritable(surroundings.env)
  const { cpuCount } = surroundings
  const config = toServerConfig(resolution, { file, agentsListen, ports, cpuCount, environment })
  return { kind: 'ready', config, notices: resolution.notices }
}

/** What programs that the server starts may see: everything but its own settings, some of which are secrets. */
function inheritable(env: Surroundings['env']): Readonly<Record<string, string>> {
  const pairs = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || name.startsWith('RPORT_') ? [] : [[name, value] as const],
  )
  return Object.fromEntries(pairs)
}
