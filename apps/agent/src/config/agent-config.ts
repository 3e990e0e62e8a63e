import type { Secret } from '@rport/kit'
import type { RemoteSpec, TunnelAllowedRule } from '@rport/protocol'

/**
 * What `rport` was told, checked and frozen. Each feature is handed its own part by compose.ts and knows no other.
 * Times are in milliseconds, sizes in bytes; a missing value means "not set", never "empty".
 */
export interface AgentConfig {
  /** The configuration file that was read; undefined when there was none. */
  readonly file: string | undefined
  readonly dataDir: string
  /** Nobody chose the folder: another one will do where it cannot be had. */
  readonly dataDirIsDefault: boolean
  /** Whether the effective user may be root. */
  readonly allowRoot: boolean
  readonly server: ServerAddressConfig
  readonly connection: ConnectionConfig
  readonly identity: IdentityConfig
  readonly tunnels: AgentTunnelsConfig
  readonly logging: LoggingConfig
  /** systemd started us and listens to what we say about our state. */
  readonly isNotified: boolean
  readonly commands: CommandsConfig
  readonly scripts: { readonly enabled: boolean }
  readonly files: FileReceptionConfig
  readonly monitoring: AgentMonitoringConfig
  /** Short names of interpreters for scripts. */
  readonly interpreterAliases: Readonly<Record<string, InterpreterAlias>>
  /** Period of looking for updates of the operating system; 0 = never. */
  readonly updatesIntervalMs: number
  /** Asks an API for the machine's addresses as the world sees them. */
  readonly externalAddresses: { readonly url: string | undefined; readonly refreshMs: number }
}

/** Where the server is, and how both sides know each other. */
export interface ServerAddressConfig {
  /** WebSocket URLs with an explicit port: the main server first, then the fallbacks in order. */
  readonly urls: readonly [string, ...string[]]
  /** Period of trying to return from a fallback to the main server. */
  readonly switchbackIntervalMs: number
  /** Beginning of the MD5 of the server's host key, lower case, with colons; undefined: any key is taken. */
  readonly fingerprint: string | undefined
  /** Undefined: log in without credentials. */
  readonly auth: { readonly id: string; readonly password: Secret } | undefined
  /** HTTP CONNECT or SOCKS5 proxy; a secret because the URL may hold a password. */
  readonly proxyUrl: Secret | undefined
  /** Local network interface to leave through; undefined: any. */
  readonly bindInterface: string | undefined
}

export interface ConnectionConfig {
  /** Period of the agent's pings towards servers of the original; 0 = none. */
  readonly keepAliveMs: number
  readonly keepAliveTimeoutMs: number
  /** -1 = no limit, 0 = give up after the first failure. */
  readonly maxRetryCount: number
  /** Longest wait between two attempts. */
  readonly maxRetryIntervalMs: number
  /** Extra headers of the WebSocket request, in order; values may be secrets. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[]
  /** Value of the Host header; undefined: that of the URL. */
  readonly hostname: string | undefined
  /** File with further authorities for `wss:`, PEM; undefined: those of the system only. */
  readonly caFile: string | undefined
  /** Keeps `state.json` in the data folder up to date for a watchdog. */
  readonly watchdog: boolean
}

/** Who this machine says it is. */
export interface IdentityConfig {
  readonly id: string | undefined
  /** Use the machine's own id when `id` is not set. */
  readonly useSystemId: boolean
  readonly name: string | undefined
  /** Use the host name when `name` is not set. */
  readonly useHostname: boolean
  readonly tags: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** JSON file whose tags and labels replace the two above when it can be read. */
  readonly attributesFile: string | undefined
}

export interface AgentTunnelsConfig {
  /** Standing tunnels, asked for at every connection. */
  readonly remotes: readonly { readonly text: string; readonly spec: RemoteSpec }[]
  /** What tunnels may reach; empty = everything. */
  readonly allowed: readonly TunnelAllowedRule[]
  /** The texts that `allowed` was read from. */
  readonly allowedTexts: readonly string[]
  /** URI scheme of all standing tunnels. */
  readonly scheme: string | undefined
  readonly reverseProxy: boolean
  readonly hostHeader: string | undefined
}

export interface LoggingConfig {
  /** Undefined: standard output. */
  readonly file: string | undefined
  readonly level: 'error' | 'info' | 'debug'
}

export interface CommandsConfig {
  readonly enabled: boolean
  /** Bound of each of the two outputs that are sent back. */
  readonly sendBackLimitBytes: number
  /** RE2 expressions. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  readonly order: readonly ['allow', 'deny'] | readonly ['deny', 'allow']
}

export interface FileReceptionConfig {
  readonly enabled: boolean
  /** Globs of folders that no file is written to. */
  readonly protected: readonly string[]
}

export interface AgentMonitoringConfig {
  readonly enabled: boolean
  readonly intervalMs: number
  readonly fsTypeInclude: readonly string[]
  readonly fsPathExclude: readonly string[]
  readonly fsPathExcludeRecurse: boolean
  readonly fsIdentifyMountpointsByDevice: boolean
  readonly processes: boolean
  readonly kernelTasks: boolean
  readonly maxProcesses: number
  readonly lan: NetworkCard | undefined
  readonly wan: NetworkCard | undefined
}

export interface NetworkCard {
  readonly device: string
  /** Mbit/s. */
  readonly maxSpeed: number
}

export interface InterpreterAlias {
  readonly path: string
  /** IANA names; undefined: the system's own encoding. */
  readonly inputEncoding: string | undefined
  readonly outputEncoding: string | undefined
}
