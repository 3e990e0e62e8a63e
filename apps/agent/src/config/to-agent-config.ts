import { deepFreeze } from '@rport/config'
import { MS_PER_MINUTE, MS_PER_SECOND, Secret } from '@rport/kit'
import { parseTunnelAllowed, type RemoteSpec } from '@rport/protocol'
import type { AgentConfig, ConnectionConfig, ServerAddressConfig } from './agent-config.ts'
import { toHeader } from './headers.ts'
import { toCard } from './network-card.ts'
import type { AgentSettings } from './schema.ts'
import { toServerUrl } from './server-url.ts'

/** What the settings alone do not say. */
export interface AgentCircumstances {
  readonly file: string | undefined
  readonly server: string
  readonly remotes: readonly { readonly text: string; readonly spec: RemoteSpec }[]
  readonly interactive: boolean
  readonly platform: string
  readonly isNotified: boolean
}

/** Below it the original took its default: nobody means to try again all the time. */
const MIN_RETRY_INTERVAL_MS = MS_PER_SECOND
const DEFAULT_RETRY_INTERVAL_MS = 5 * MS_PER_MINUTE
/** The original dialled without a pause when this was 0. */
const MIN_SWITCHBACK_INTERVAL_MS = 5 * MS_PER_SECOND
const MIN_MEASURING_INTERVAL_MS = MS_PER_MINUTE

const PROTECTED_UNIX = ['/bin', '/sbin', '/boot', '/usr/bin', '/usr/sbin', '/dev', '/lib*', '/run']
const PROTECTED_WINDOWS = ['C:\\Windows\\', 'C:\\ProgramData']

/** Turns checked settings into the parts that the features are handed. */
export function toAgentConfig(settings: AgentSettings, circumstances: AgentCircumstances): AgentConfig {
  const { client, logging, monitoring, tunnels } = settings
  const { file, server, remotes, interactive, platform, isNotified } = circumstances
  const isWindows = platform === 'win32'
  const commands = settings['remote-commands']
  const files = settings['file-reception']
  return deepFreeze({
    file,
    dataDirIsDefault: client.data_dir === undefined,
    dataDir: client.data_dir ?? (isWindows ? 'C:\\Program Files\\rport' : '/var/lib/rport'),
    allowRoot: client.allow_root,
    server: toServer(client, server),
    connection: toConnection(settings.connection),
    identity: {
      id: client.id,
      useSystemId: client.use_system_id ?? interactive,
      name: client.name,
      useHostname: client.use_hostname ?? interactive,
      tags: client.tags,
      labels: client.labels,
      attributesFile: client.attributes_file_path,
    },
    tunnels: {
      remotes,
      allowed: parseTunnelAllowed(client.tunnel_allowed),
      allowedTexts: client.tunnel_allowed,
      scheme: tunnels.scheme,
      reverseProxy: tunnels.reverseproxy,
      hostHeader: tunnels.hostheader,
    },
    logging: { file: logging.log_file, level: logging.log_level },
    isNotified,
    commands: {
      enabled: commands.enabled,
      sendBackLimitBytes: commands.send_back_limit,
      allow: commands.allow,
      deny: commands.deny,
      order: commands.order,
    },
    scripts: { enabled: settings['remote-scripts'].enabled },
    files: {
      enabled: files.enabled,
      protected: files.protected ?? (isWindows ? PROTECTED_WINDOWS : PROTECTED_UNIX),
    },
    monitoring: {
      enabled: monitoring.enabled,
      intervalMs: Math.max(monitoring.interval, MIN_MEASURING_INTERVAL_MS),
      fsTypeInclude: monitoring.fs_type_include,
      fsPathExclude: monitoring.fs_path_exclude,
      fsPathExcludeRecurse: monitoring.fs_path_exclude_recurse,
      fsIdentifyMountpointsByDevice: monitoring.fs_identify_mountpoints_by_device,
      processes: monitoring.pm_enabled,
      kernelTasks: monitoring.pm_kerneltasks_enabled,
      maxProcesses: monitoring.pm_max_number_processes,
      lan: toCard(monitoring.net_lan),
      wan: toCard(monitoring.net_wan),
    },
    interpreterAliases: settings['interpreter-aliases'],
    updatesIntervalMs: Math.max(0, client.updates_interval),
    externalAddresses: { url: client.ip_api_url, refreshMs: Math.max(0, client.ip_refresh_min) * MS_PER_MINUTE },
  })
}

function toServer(client: AgentSettings['client'], server: string): ServerAddressConfig {
  const auth = client.auth?.reveal()
  const colon = auth?.indexOf(':') ?? -1
  return {
    urls: [toServerUrl(server), ...client.fallback_servers.map(toServerUrl)],
    switchbackIntervalMs: Math.max(client.server_switchback_interval, MIN_SWITCHBACK_INTERVAL_MS),
    fingerprint: client.fingerprint?.trim().toLowerCase(),
    auth: auth === undefined ? undefined : { id: auth.slice(0, colon), password: new Secret(auth.slice(colon + 1)) },
    proxyUrl: client.proxy,
    bindInterface: client.bind_interface,
  }
}

function toConnection(connection: AgentSettings['connection']): ConnectionConfig {
  const { max_retry_interval: retryMs } = connection
  return {
    keepAliveMs: connection.keep_alive,
    keepAliveTimeoutMs: connection.keep_alive_timeout,
    maxRetryCount: connection.max_retry_count,
    maxRetryIntervalMs: retryMs < MIN_RETRY_INTERVAL_MS ? DEFAULT_RETRY_INTERVAL_MS : retryMs,
    headers: connection.headers.map(toHeader),
    hostname: connection.hostname,
    caFile: connection.ca_file,
    watchdog: connection.watchdog_integration,
  }
}
