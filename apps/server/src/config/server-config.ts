import type { IpNetwork, Secret } from '@rport/kit'
import type { PortRanges } from '@rport/protocol'
import type { OAUTH_PROVIDERS, RoleGroup } from './sections/oauth-section.ts'

/**
 * What `rportd` was told, checked and frozen. Each feature is handed its own part by compose.ts and knows no other.
 * Times are in milliseconds, sizes in bytes; a missing value means "not set", never "empty".
 */
export interface ServerConfig {
  /** The configuration file that was read; undefined when there was none. */
  readonly file: string | undefined
  /** Where the server keeps everything; created with 0700 when missing. */
  readonly dataDir: string
  /** Of the process, for programs that it starts; without what configures the server. */
  readonly environment: Readonly<Record<string, string>>
  /** Whether the effective user may be root. */
  readonly allowRoot: boolean
  /** WAL journal for the server's own database. */
  readonly sqliteWal: boolean
  readonly agents: AgentsConfig
  readonly clientsAuth: ClientsAuthConfig
  readonly clients: ClientsConfig
  readonly tunnels: TunnelsConfig
  readonly jobs: JobsConfig
  readonly api: ApiConfig
  readonly users: UsersConfig
  /** The `[database]` of the original, which may hold users and client credentials; undefined without `db_type`. */
  readonly database: DatabaseConfig | undefined
  readonly audit: AuditConfig
  readonly vault: VaultConfig
  readonly metrics: MetricsConfig
  readonly logging: LoggingConfig
  readonly monitoring: MonitoringConfig
  readonly notifications: NotificationsConfig
  readonly smtp: SmtpConfig
  readonly pushover: PushoverConfig
  /** Tunnels on sub-domains; undefined when none of its keys is set. */
  readonly subdomains: SubdomainsConfig | undefined
  /** Login through an identity provider; undefined without `provider`. */
  readonly oauth: OAuthConfig | undefined
}

/** Where to listen. An empty host means every address of the machine, IPv6 too. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** The port on which agents arrive. */
export interface AgentsConfig {
  readonly listen: ListenAddress
  /** Addresses under which agents reach the server; published, at least one. */
  readonly urls: readonly string[]
  /** Published pairing service; undefined: none. */
  readonly pairingUrl: string | undefined
  /** Seed of the host key. Undefined: one is made at the first start and kept in the data folder. */
  readonly keySeed: Secret | undefined
  /** Handshakes in progress at once; the others wait. */
  readonly maxConcurrentHandshakes: number
  /** Processes that serve agents beside the main one; 0: none, it does it all. */
  readonly connectors: number
  /** Connections of one address that have not logged in; 0 = no limit. */
  readonly maxUnknownPerAddress: number
  /** Bound of HTTP headers and of each SSH request payload. */
  readonly maxRequestBytes: number
  /** Peers whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly IpNetwork[]
  /** Where plain HTTP requests on this port are passed on to; undefined: answered with an empty 404. */
  readonly proxyUrl: string | undefined
  /** The first release's API is answered on this port, for callers of this machine. */
  readonly legacyApi: boolean
  readonly lockout: LockoutConfig
}

/** How guessing passwords is slowed down. */
export interface LockoutConfig {
  /** Pause of a name after a failed login; 0 = none. */
  readonly loginWaitMs: number
  /** Failed logins from one address before it is banned; 0 = never. */
  readonly maxFailedLogins: number
  /** Length of that ban; 0 = never. */
  readonly banMs: number
}

/** What agents log in with. */
export interface ClientsAuthConfig {
  readonly source: ClientsAuthSource
  /** Several clients may share one credential. */
  readonly multiUse: boolean
  /** A client without id gets the id of its credential. Has effect only when `multiUse` is false. */
  readonly clientIdFromAuthId: boolean
  /** The API may change credentials. */
  readonly writable: boolean
  /** Agents without credentials are let in, too. */
  readonly anonymous: boolean
}

export type ClientsAuthSource =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'static'; readonly id: string; readonly password: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'table'; readonly table: string }

export interface ClientsConfig {
  /** Forget disconnected clients after `keepDisconnectedMs`. */
  readonly purgeDisconnected: boolean
  /** 0 = at once. */
  readonly keepDisconnectedMs: number
  readonly purgeIntervalMs: number
  /** Period of the server's pings; never below two minutes. */
  readonly checkConnectionIntervalMs: number
  readonly checkConnectionTimeoutMs: number
}

export interface TunnelsConfig {
  readonly ports: PortPolicy
  /** Host that links to tunnels show; undefined: that of the request. */
  readonly host: string | undefined
  /** How long an agent may try a target before a tunnel is opened. */
  readonly checkPortTimeoutMs: number
  readonly proxy: TunnelProxyConfig
}

/** Which ports of the server tunnels may use. Excluded ones are already taken out of both sets. */
export interface PortPolicy {
  /** Ports to choose from when nobody asked for one. */
  readonly random: PortRanges
  /** Ports that may be asked for. */
  readonly fixed: PortRanges
  /** Both lists as the settings have them, for the status. */
  readonly usedTexts: readonly string[]
  readonly excludedTexts: readonly string[]
}

export interface TunnelProxyConfig {
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly acme: boolean
  readonly minTls: '1.2' | '1.3'
  readonly cors: readonly string[]
  readonly novncRoot: string | undefined
  readonly guacdAddress: ListenAddress | undefined
  /** Port of the ACME challenge listener; 0 = off. */
  readonly acmeHttpPort: number
}

export interface JobsConfig {
  /** Results kept. */
  readonly maxResults: number
  /** Time that a command has when the request names none. */
  readonly defaultTimeoutMs: number
}

export interface ApiConfig {
  /** Undefined: no API. */
  readonly listen: ListenAddress | undefined
  readonly baseUrl: string | undefined
  readonly maxRequestBytes: number
  readonly maxFilepushBytes: number
  /** `*` or origins, as a browser sends them. */
  readonly cors: readonly string[]
  readonly trustedProxies: readonly IpNetwork[]
  readonly lockout: LockoutConfig
  /** Undefined: plain HTTP. */
  readonly tls: ApiTlsConfig | undefined
  readonly docRoot: string | undefined
  readonly accessLogFile: string | undefined
  readonly wsTestEndpoints: boolean
}

/** HTTPS for the API. */
export interface ApiTlsConfig {
  readonly minVersion: '1.2' | '1.3'
  readonly source:
    | { readonly kind: 'files'; readonly certFile: string; readonly keyFile: string }
    | {
        readonly kind: 'acme'
        /** The name that the certificate is for. */
        readonly name: string
        readonly directoryUrl: string
        /** Port of the HTTP challenge; 0: the name is proved on the API's own port. */
        readonly httpPort: number
        /** Origin of the API, where other callers of that port are sent. */
        readonly redirectTo: string
      }
}

/** Who may use the API, and how they prove it. */
export interface UsersConfig {
  readonly source: UsersSource
  /** Signs sessions. Undefined: one is made at the first start and kept in the data folder. */
  readonly jwtSecret: Secret | undefined
  /** Published bound of token lifetimes, in hours as the API says it; 0 = the server's own. */
  readonly maxTokenLifetimeHours: number
  readonly passwordMinLength: number
  /** -1 = not checked. */
  readonly passwordMinScore: number
  /** Login by a reverse proxy; undefined: off. */
  readonly headerLogin: { readonly authHeader: string; readonly userHeader: string } | undefined
  readonly createMissingUsers: boolean
  readonly defaultUserGroup: string
  readonly twoFactor: TwoFactorConfig
  readonly totp: { readonly enabled: boolean; readonly loginSessionMs: number; readonly accountName: string }
}

export type UsersSource =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'static'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'tables'
      readonly userTable: string
      readonly groupTable: string
      /** Undefined: groups have no permissions of their own. */
      readonly groupDetailsTable: string | undefined
    }

export interface TwoFactorConfig {
  /** How codes are sent; undefined: none are. */
  readonly delivery:
    | { readonly kind: 'smtp' | 'pushover' }
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'script'; readonly program: string }
    | undefined
  readonly codeLifetimeMs: number
  readonly sendTimeoutMs: number
  /** How receivers are checked where a program sends the codes. */
  readonly receivers: 'none' | 'email' | 'regex'
  /** With `regex`: what must occur in a receiver. */
  readonly pattern: string | undefined
}

export type DatabaseConfig =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'mysql' | 'postgres'
      /** `host:port` or `socket:/path`; undefined: this machine. */
      readonly host: string | undefined
      readonly user: string | undefined
      readonly password: Secret | undefined
      readonly name: string
    }

export interface AuditConfig {
  readonly enabled: boolean
  readonly obfuscateAddresses: boolean
  readonly rotation: 'daily' | 'weekly' | 'monthly' | 'yearly'
}

export interface VaultConfig {
  /** Holds the password that unlocks the vault at the start; undefined: it stays locked. */
  readonly unlockFile: string | undefined
}

/** Figures about the server, and who may read them beside administrators. */
export interface MetricsConfig {
  readonly enabled: boolean
  readonly token: Secret | undefined
  readonly allowedAddresses: readonly IpNetwork[]
  /** Undefined: on the port of the API. */
  readonly listen: ListenAddress | undefined
}

export interface LoggingConfig {
  /** Undefined: standard output. */
  readonly file: string | undefined
  readonly level: 'error' | 'info' | 'debug'
  readonly format: 'text' | 'json'
  /** For each log file; undefined: they grow until somebody else puts them aside. */
  readonly rotation: { readonly maxBytes: number; readonly keep: number } | undefined
}

export interface MonitoringConfig {
  readonly enabled: boolean
  readonly keepMs: number
}

export interface NotificationsConfig {
  readonly scriptDir: string
  readonly keepLogMs: number
  readonly cleanupIntervalMs: number
}

export interface SmtpConfig {
  readonly server: string | undefined
  readonly senderEmail: string | undefined
  readonly username: string | undefined
  readonly password: Secret | undefined
  readonly implicitTls: boolean
}

export interface PushoverConfig {
  readonly apiToken: Secret | undefined
  readonly userKey: Secret | undefined
}

export interface SubdomainsConfig {
  readonly caddyPath: string | undefined
  /** `host:port`, not read yet. */
  readonly listenText: string | undefined
  readonly prefix: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly apiHostname: string | undefined
  readonly apiPort: string | undefined
  readonly apiCertFile: string | undefined
  readonly apiKeyFile: string | undefined
  readonly minTls: '1.2' | '1.3' | undefined
}

/** Login through an identity provider. */
export interface OAuthConfig {
  readonly provider: (typeof OAUTH_PROVIDERS)[number]
  /** Who signs ID tokens; undefined for GitHub, which has none. */
  readonly issuer: string | undefined
  /** Addresses that are used instead of those that the provider names. */
  readonly authorizeUrl: string | undefined
  readonly tokenUrl: string | undefined
  readonly deviceAuthorizeUrl: string | undefined
  readonly jwksUrl: string | undefined
  readonly redirectUri: string
  readonly client: OAuthClient
  /** For logins from a command line; undefined: the same. */
  readonly deviceClient: OAuthClient | undefined
  /** Beyond what each login needs. */
  readonly scopes: readonly string[]
  readonly requiredOrganization: string | undefined
  readonly requiredGroupId: string | undefined
  readonly permittedUserList: boolean
  /** RE2, matches any part. */
  readonly permittedUserMatch: string | undefined
  readonly usernameClaim: string | undefined
  readonly roleClaim: string | undefined
  readonly requiredRole: string | undefined
  /** Empty: groups are kept here. */
  readonly roleGroups: readonly RoleGroup[]
  /** Where groups and organisations are asked for; undefined: the provider's public API. */
  readonly apiUrl: string | undefined
}

/** This server, as the provider knows it. */
export interface OAuthClient {
  readonly id: string
  readonly secret: Secret | undefined
}
