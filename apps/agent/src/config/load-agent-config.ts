import { type Fault, load, type Notice, type Resolution, type Surroundings } from '@rport/config'
import { version } from '@rport/kit'
import type { AgentConfig } from './agent-config.ts'
import { type AgentSections, agentProgram } from './schema.ts'
import { readServiceOrder, type ServiceOrder } from './service-order.ts'
import { readRemotes } from './standing-tunnels.ts'
import { toAgentConfig } from './to-agent-config.ts'

/** What came of reading the settings. `print` is a text for standard output, after which the program ends with 0. */
export type LoadedAgentConfig =
  | { readonly kind: 'ready'; readonly config: AgentConfig; readonly notices: readonly Notice[] }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'service'; readonly order: ServiceOrder }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }

/** What the agent is started by and on. */
export interface AgentSurroundings extends Surroundings {
  /** Started by a person, not as a service: then the machine's id and name are used unless told otherwise. */
  readonly interactive: boolean
  /** `process.platform`; some defaults are different on `win32`. */
  readonly platform: string
}

/**
 * Reads flags, arguments, configuration file and environment of `rport` and checks everything that can be checked without
 * touching the machine: nothing is opened, resolved or contacted.
 */
export function loadAgentConfig(surroundings: AgentSurroundings): LoadedAgentConfig {
  const loaded = load(agentProgram, surroundings)
  if (loaded.kind === 'help') return { kind: 'print', text: loaded.text }
  if (loaded.kind === 'version') return { kind: 'print', text: `version ${version}\n` }
  if (loaded.kind === 'faults') return loaded

  const { resolution, file, flags } = loaded
  const order = readServiceOrder(flags, file, surroundings)
  if (order !== undefined && 'fault' in order) return { kind: 'faults', faults: [order.fault] }
  if (order !== undefined && order.action !== 'install') return { kind: 'service', order }
  const server = checkTogether(resolution)
  const remotes = readRemotes(resolution)
  if (resolution.faults.length > 0 || server === undefined) return { kind: 'faults', faults: resolution.faults }
  if (order !== undefined) return { kind: 'service', order }
  const { env, interactive, platform } = surroundings
  const isNotified = (env['NOTIFY_SOCKET'] ?? '') !== ''
  const circumstances = { file, server, remotes, interactive, platform, isNotified }
  const config = toAgentConfig(resolution.settings, circumstances)
  return { kind: 'ready', config, notices: resolution.notices }
}

/** What settings must be together, with the messages of the original. Returns the address of the server. */
function checkTogether({ settings, object, isSet }: Resolution<AgentSections>): string | undefined {
  const { client, connection, tunnels } = settings
  if (client.server === undefined) {
    object(['client.server'], {
      message: 'server address is required',
      fix: 'name it: rport --auth ID:PASSWORD rport.example.com:8080, or server = "rport.example.com:8080" in [client]',
    })
  }
  if (isSet('client.data_dir') && !client.data_dir) {
    object(['client.data_dir'], { message: "'data directory path' cannot be empty", fix: 'name a folder' })
  }
  if (tunnels.hostheader !== undefined && !tunnels.reverseproxy) {
    object(['tunnels.hostheader', 'tunnels.reverseproxy'], {
      message: 'invalid tunnels config: host-header requires enabled reverse-proxy',
      fix: 'add --enable-reverse-proxy, or remove the host header',
    })
  }
  if (settings['remote-scripts'].enabled && !settings['remote-commands'].enabled) {
    object(['remote-scripts.enabled', 'remote-commands.enabled'], {
      message: 'remote scripts execution requires remote commands to be enabled',
      fix: 'enable both, or disable scripts',
    })
  }
  if (connection.watchdog_integration && connection.keep_alive === 0) {
    object(['connection.watchdog_integration', 'connection.keep_alive'], {
      message: "watchdog integration requires 'keep_alive > 0'",
      fix: 'write keep_alive = "3m"',
    })
  }
  if (connection.watchdog_integration && connection.max_retry_count > 0) {
    object(['connection.watchdog_integration', 'connection.max_retry_count'], {
      message: "watchdog integration requires 'max_retry_count = -1' (=disabled)",
      fix: 'remove max_retry_count',
    })
  }
  return client.server
}
