import { NS_PER_MS, version } from '@rport/kit'
import { type JsonObject, maskClientConfiguration, toRemoteRecord, writeRemoteRecord } from '@rport/protocol'
import type {
  AgentConfig,
  AgentMonitoringConfig,
  ConnectionConfig,
  LoggingConfig,
  NetworkCard,
} from './agent-config.ts'

/**
 * The settings as an agent reports them when it registers: keys in snake case, durations in nanoseconds, nothing set is
 * null. Passwords stay here: no server has a use for them, and the original shows them to its users.
 * @see docs/compatibility.md; the server reads only `monitoring` and `file_reception`
 */
export function toClientConfiguration(config: AgentConfig): JsonObject {
  const { commands, files } = config
  const aliases = Object.entries(config.interpreterAliases)
  const encodings = aliases.filter(([, alias]) => alias.inputEncoding !== undefined)
  const configuration: JsonObject = {
    client: client(config),
    connection: connection(config.connection, unsetList(config)),
    logging: logging(config.logging),
    remote_commands: {
      enabled: commands.enabled,
      send_back_limit: commands.sendBackLimitBytes,
      allow: commands.allow,
      deny: commands.deny,
      order: commands.order,
      // compat: servers read either patterns or objects here, depending on how they were built; null suits all.
      allow_regexp: null,
      deny_regexp: null,
    },
    remote_scripts: { enabled: config.scripts.enabled },
    monitoring: monitoring(config.monitoring, unsetList(config)),
    file_reception: { protected: files.protected, enabled: files.enabled },
    interpreter_aliases: Object.fromEntries(aliases.map(([name, { path }]) => [name, path])),
    interpreter_aliases_encodings: Object.fromEntries(
      encodings.map(([name, { inputEncoding = '', outputEncoding = '' }]) => [
        name,
        { input_encoding: inputEncoding, output_encoding: outputEncoding },
      ]),
    ),
  }
  return maskClientConfiguration(configuration) ?? {}
}

function client(config: AgentConfig): JsonObject {
  const { server, identity, tunnels, externalAddresses } = config
  const [main, ...fallbacks] = server.urls
  const { scheme = null, reverseProxy, hostHeader = '' } = tunnels
  const records = tunnels.remotes.map(({ spec }) =>
    toRemoteRecord(spec, { scheme, httpProxy: reverseProxy, hostHeader }),
  )
  return {
    server: main,
    fallback_servers: unsetList(config)(fallbacks),
    server_switchback_interval: toNs(server.switchbackIntervalMs),
    fingerprint: server.fingerprint ?? '',
    auth: '',
    proxy: server.proxyUrl?.reveal() ?? '',
    id: identity.id ?? '',
    use_system_id: identity.useSystemId,
    name: identity.name ?? '',
    use_hostname: identity.useHostname,
    tags: unsetList(config)(identity.tags),
    labels: Object.keys(identity.labels).length === 0 ? null : identity.labels,
    remotes: listOrNull(tunnels.remotes.map(({ text }) => text)),
    tunnel_allowed: listOrNull(tunnels.allowedTexts),
    allow_root: config.allowRoot,
    updates_interval: toNs(config.updatesIntervalMs),
    data_dir: config.dataDir,
    bind_interface: server.bindInterface ?? '',
    ip_api_url: externalAddresses.url ?? '',
    // compat: the only duration that is a plain number of minutes.
    ip_refresh_min: Math.round(externalAddresses.refreshMs / 60_000),
    proxy_url: null,
    tunnels: listOrNull(records.map(writeRemoteRecord)),
    auth_user: server.auth?.id ?? '',
    auth_pass: '',
  }
}

function connection(settings: ConnectionConfig, list: ListForm): JsonObject {
  const headers = settings.headers.map(({ name, value }) => ({ name, value: value.reveal() }))
  const headerTexts = headers.map(({ name, value }) => `${name}: ${value}`)
  const agent = headers.some(({ name }) => name.toLowerCase() === 'user-agent')
    ? []
    : [['User-Agent', [`rport ${version}`]]]
  return {
    keep_alive: toNs(settings.keepAliveMs),
    keep_alive_timeout: toNs(settings.keepAliveTimeoutMs),
    max_retry_count: settings.maxRetryCount,
    max_retry_interval: toNs(settings.maxRetryIntervalMs),
    headers: list(headerTexts),
    hostname: settings.hostname ?? '',
    watchdog_integration: settings.watchdog,
    http_headers: Object.fromEntries([...agent, ...headers.map(({ name, value }) => [name, [value]])]),
  }
}

const LOG_LEVEL = { error: 0, info: 1, debug: 2 } as const

const logging = ({ file, level }: LoggingConfig): JsonObject => ({
  log_file: { File: file === undefined ? null : {} },
  log_level: LOG_LEVEL[level],
})

const monitoring = (settings: AgentMonitoringConfig, list: ListForm): JsonObject => ({
  enabled: settings.enabled,
  interval: toNs(settings.intervalMs),
  fs_type_include: settings.fsTypeInclude,
  fs_path_exclude: list(settings.fsPathExclude),
  fs_path_exclude_recurse: settings.fsPathExcludeRecurse,
  fs_identify_mountpoints_by_device: settings.fsIdentifyMountpointsByDevice,
  pm_enabled: settings.processes,
  pm_kerneltasks_enabled: settings.kernelTasks,
  pm_max_number_processes: settings.maxProcesses,
  net_lan: list(settings.lan ? [settings.lan.device, String(settings.lan.maxSpeed)] : []),
  net_wan: list(settings.wan ? [settings.wan.device, String(settings.wan.maxSpeed)] : []),
  lan_card: card(settings.lan),
  wan_card: card(settings.wan),
})

const card = (settings: NetworkCard | undefined): JsonObject | null =>
  settings ? { name: settings.device, max_speed: settings.maxSpeed } : null

/** Go writes a list that was never set as null; servers of the original expect it so. */
const listOrNull = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list)

/** Whole nanoseconds: a fraction would not be read as a duration. */
const toNs = (durationMs: number): number => Math.round(durationMs * NS_PER_MS)

type ListForm = <T>(list: readonly T[]) => readonly T[] | null

/** compat: for some lists a configuration file leaves an empty one behind where flags alone leave none. */
const unsetList = (config: AgentConfig): ListForm => (config.file === undefined ? listOrNull : (list) => list)
