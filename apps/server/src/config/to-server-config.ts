import { deepFreeze, type Resolution } from '@rport/config'
import { joinHostPort, MS_PER_SECOND, Secret } from '@rport/kit'
import { splitCredential } from './checks.ts'
import { toOAuth } from './oauth.ts'
import type { ServerSections, ServerSettings } from './schema.ts'
import type {
  AgentsConfig,
  ApiConfig,
  ApiTlsConfig,
  ClientsAuthSource,
  DatabaseConfig,
  ListenAddress,
  LoggingConfig,
  PortPolicy,
  ServerConfig,
  SubdomainsConfig,
  TunnelsConfig,
  UsersConfig,
  UsersSource,
} from './server-config.ts'
import { isCorsOrigin, isServiceUrl } from './urls.ts'
import { MIN_CHECK_INTERVAL_MS } from './warnings.ts'

/** What the settings alone do not say. */
export interface ServerCircumstances {
  readonly file: string | undefined
  /** Where agents arrive, after older flags and variables were heard. */
  readonly agentsListen: ListenAddress
  readonly ports: PortPolicy
  readonly cpuCount: number
  readonly environment: Readonly<Record<string, string>>
}

const BYTES_PER_MEGABYTE = 1_000_000

/** Where the API listens when there is no configuration file: this machine only. */
const FIRST_STEPS_API = { host: '127.0.0.1', port: 3000 }

/** Turns checked settings into the parts that the features are handed. */
export function toServerConfig(
  { settings, isSet }: Resolution<ServerSections>,
  circumstances: ServerCircumstances,
): ServerConfig {
  const { server, api, monitoring, notifications, smtp, pushover } = settings
  const isApiOn = api.address !== undefined || isSet('api.address') || circumstances.file !== undefined
  return deepFreeze({
    file: circumstances.file,
    dataDir: server.data_dir,
    environment: circumstances.environment,
    allowRoot: server.allow_root,
    sqliteWal: server.sqlite_wal,
    agents: toAgents(settings, circumstances),
    clientsAuth: {
      source: toClientsAuthSource(settings),
      multiUse: server.auth_multiuse_creds,
      clientIdFromAuthId: server.equate_clientauthid_clientid && !server.auth_multiuse_creds,
      writable: server.auth_write,
      anonymous: server.insecure_no_auth,
    },
    clients: {
      purgeDisconnected: server.purge_disconnected_clients,
      keepDisconnectedMs: server.keep_disconnected_clients,
      purgeIntervalMs: server.purge_disconnected_clients_interval,
      checkConnectionIntervalMs: Math.max(server.check_clients_connection_interval, MIN_CHECK_INTERVAL_MS),
      checkConnectionTimeoutMs: server.check_clients_connection_timeout,
    },
    tunnels: toTunnels(settings, circumstances.ports),
    jobs: {
      maxResults: server.jobs_max_results,
      defaultTimeoutMs: server.run_remote_cmd_timeout_sec * MS_PER_SECOND,
    },
    api: toApi(settings, isApiOn ? api.address : FIRST_STEPS_API),
    users: toUsers(settings),
    database: toDatabase(settings),
    audit: {
      enabled: api.enable_audit_log,
      obfuscateAddresses: api.use_ip_obfuscation,
      rotation: api.audit_log_rotation,
    },
    vault: { unlockFile: settings.vault.unlock_file },
    metrics: {
      enabled: settings.metrics.enabled,
      token: settings.metrics.token,
      allowedAddresses: settings.metrics.allowed_addresses,
      listen: settings.metrics.address,
    },
    logging: toLogging(settings),
    monitoring: { enabled: monitoring.enabled, keepMs: monitoring.data_storage_duration },
    notifications: {
      scriptDir: notifications.notification_script_dir,
      keepLogMs: notifications.log_storage_duration,
      cleanupIntervalMs: notifications.cleanup_interval,
    },
    smtp: {
      server: smtp.server,
      senderEmail: smtp.sender_email,
      username: smtp.auth_username,
      password: smtp.auth_password,
      implicitTls: smtp.secure,
    },
    pushover: { apiToken: pushover.api_token, userKey: pushover.user_key },
    subdomains: toSubdomains(settings),
    oauth: toOAuth(settings),
  })
}

function toLogging({ logging }: ServerSettings): LoggingConfig {
  const { log_file: file, log_level: level, log_format: format, log_max_size: megabytes, log_keep: keep } = logging
  const rotation = megabytes === 0 ? undefined : { maxBytes: megabytes * BYTES_PER_MEGABYTE, keep }
  return { file, level, format, rotation }
}

function toAgents({ server }: ServerSettings, { agentsListen, cpuCount }: ServerCircumstances): AgentsConfig {
  const { host, port } = agentsListen
  return {
    listen: agentsListen,
    urls: server.url.length > 0 ? server.url : [`http://${joinHostPort(host === '' ? '0.0.0.0' : host, port)}`],
    pairingUrl: server.pairing_url === '' ? undefined : server.pairing_url,
    keySeed: server.key_seed,
    connectors: server.connectors,
    maxConcurrentHandshakes: server.max_concurrent_ssh_handshakes ?? Math.max(1, Math.floor(cpuCount / 2)),
    maxUnknownPerAddress: server.max_connections_without_login,
    maxRequestBytes: server.max_request_bytes_client,
    trustedProxies: server.trusted_proxies,
    proxyUrl: server.proxy,
    legacyApi: server.legacy_api,
    lockout: {
      loginWaitMs: server.client_login_wait * MS_PER_SECOND,
      maxFailedLogins: server.max_failed_login,
      banMs: server.ban_time * MS_PER_SECOND,
    },
  }
}

function toClientsAuthSource({ server }: ServerSettings): ClientsAuthSource {
  const credential = server.auth && splitCredential(server.auth.reveal())
  if (credential) return { kind: 'static', id: credential.name, password: new Secret(credential.password) }
  if (server.auth_file !== undefined) return { kind: 'file', path: server.auth_file }
  return server.auth_table === undefined ? { kind: 'embedded' } : { kind: 'table', table: server.auth_table }
}

function toTunnels({ server }: ServerSettings, ports: PortPolicy): TunnelsConfig {
  return {
    ports,
    host: server.tunnel_host,
    checkPortTimeoutMs: server.check_port_timeout,
    proxy: {
      certFile: server.tunnel_proxy_cert_file,
      keyFile: server.tunnel_proxy_key_file,
      acme: server.tunnel_enable_acme,
      minTls: server.tls_min,
      cors: server.tunnel_cors.filter(isCorsOrigin),
      novncRoot: server.novnc_root,
      guacdAddress: server.guacd_address,
      acmeHttpPort: server.acme_http_port,
    },
  }
}

function toApi(settings: ServerSettings, listen: ListenAddress | undefined): ApiConfig {
  const { api } = settings
  return {
    listen,
    baseUrl: api.base_url,
    maxRequestBytes: api.max_request_bytes,
    maxFilepushBytes: api.max_filepush_size,
    cors: api.cors.filter(isCorsOrigin),
    trustedProxies: api.trusted_proxies,
    lockout: {
      loginWaitMs: api.user_login_wait * MS_PER_SECOND,
      maxFailedLogins: api.max_failed_login,
      banMs: api.ban_time * MS_PER_SECOND,
    },
    tls: toApiTls(settings),
    docRoot: api.doc_root,
    accessLogFile: api.access_log_file,
    wsTestEndpoints: api.enable_ws_test_endpoints,
  }
}

function toApiTls({ api, server }: ServerSettings): ApiTlsConfig | undefined {
  const { cert_file: certFile, key_file: keyFile, tls_min: minVersion, base_url: baseUrl } = api
  if (certFile !== undefined && keyFile !== undefined) {
    return { minVersion, source: { kind: 'files', certFile, keyFile } }
  }
  if (!api.enable_acme || baseUrl === undefined) return undefined
  const { host, hostname: name } = new URL(baseUrl)
  const { acme_directory: directoryUrl, acme_http_port: httpPort } = server
  return { minVersion, source: { kind: 'acme', name, directoryUrl, httpPort, redirectTo: `https://${host}` } }
}

function toUsers({ api }: ServerSettings): UsersConfig {
  return {
    source: toUsersSource(api),
    jwtSecret: api.jwt_secret,
    maxTokenLifetimeHours: api.max_token_lifetime,
    passwordMinLength: api.password_min_length,
    passwordMinScore: api.password_zxcvbn_minscore,
    headerLogin:
      api.auth_header === undefined ? undefined : { authHeader: api.auth_header, userHeader: api.user_header },
    createMissingUsers: api.create_missing_users,
    defaultUserGroup: api.default_user_group,
    twoFactor: {
      delivery: toDelivery(api.two_fa_token_delivery),
      codeLifetimeMs: api.two_fa_token_ttl_seconds * MS_PER_SECOND,
      sendTimeoutMs: api.two_fa_send_timeout,
      receivers: api.two_fa_send_to_type,
      pattern: api.two_fa_send_to_regex,
    },
    totp: {
      enabled: api.totp_enabled,
      loginSessionMs: api.totp_login_session_ttl,
      accountName: api.totp_account_name,
    },
  }
}

function toDelivery(text: string | undefined): UsersConfig['twoFactor']['delivery'] {
  if (!text) return undefined
  if (text === 'smtp' || text === 'pushover') return { kind: text }
  return isServiceUrl(text) ? { kind: 'url', url: text } : { kind: 'script', program: text }
}

function toUsersSource(api: ServerSettings['api']): UsersSource {
  const credential = api.auth && splitCredential(api.auth.reveal())
  if (credential) return { kind: 'static', username: credential.name, password: new Secret(credential.password) }
  if (api.auth_file !== undefined) return { kind: 'file', path: api.auth_file }
  if (api.auth_user_table === undefined || api.auth_group_table === undefined) return { kind: 'embedded' }
  return {
    kind: 'tables',
    userTable: api.auth_user_table,
    groupTable: api.auth_group_table,
    groupDetailsTable: api.auth_group_details_table,
  }
}

function toDatabase({ database }: ServerSettings): DatabaseConfig | undefined {
  const { db_type: kind, db_name: name = '', db_host: host, db_user: user, db_password: password } = database
  if (kind === undefined) return undefined
  return kind === 'sqlite' ? { kind, path: name } : { kind, host, user, password, name }
}

function toSubdomains(settings: ServerSettings): SubdomainsConfig | undefined {
  const caddy = settings['caddy-integration']
  if (!(caddy.caddy || caddy.address || caddy.subdomain_prefix || caddy.cert_file || caddy.key_file)) return undefined
  return {
    caddyPath: caddy.caddy,
    listenText: caddy.address,
    prefix: caddy.subdomain_prefix,
    certFile: caddy.cert_file,
    keyFile: caddy.key_file,
    apiHostname: caddy.api_hostname,
    apiPort: caddy.api_port,
    apiCertFile: caddy.api_cert_file,
    apiKeyFile: caddy.api_key_file,
    minTls: caddy.tls_min,
  }
}
