import type { Resolution } from '@rport/config'
import { formatDuration, MS_PER_HOUR, MS_PER_SECOND } from '@rport/kit'
import { checkOAuth } from './oauth.ts'
import type { ServerSections } from './schema.ts'
import { checkSecondFactor } from './second-factor-checks.ts'
import { isDnsName } from './urls.ts'

const MIN_KEEP_MS = MS_PER_SECOND
const MAX_KEEP_MS = 168 * MS_PER_HOUR

type Resolved = Resolution<ServerSections>

/** What settings must be together, in the order and with the messages of the original. Nothing is contacted or opened. */
export function checkServerSettings(resolution: Resolved): void {
  checkTunnelProxy(resolution)
  checkKeeping(resolution)
  checkKeySeed(resolution)
  checkClientsAuth(resolution)
  checkApi(resolution)
  checkPortClash(resolution)
}

function checkTunnelProxy({ settings: { server }, isSet, object }: Resolved): void {
  const { tunnel_proxy_cert_file: cert, tunnel_proxy_key_file: key, tunnel_enable_acme: acme } = server
  const paths = ['server.tunnel_proxy_cert_file', 'server.tunnel_proxy_key_file']
  if (acme && (cert || key)) {
    const message = 'tunnel_proxy_cert_file, tunnel_proxy_key_file and tunnel_enable_acme cannot be used together'
    const used = [...paths, 'server.tunnel_enable_acme'].filter(isSet)
    object(used, { message, fix: 'remove either the files or tunnel_enable_acme' })
    return
  }
  objectToHalfPair(object, paths, cert, key, '')
}

function checkKeeping({ settings: { server }, object }: Resolved): void {
  const { purge_disconnected_clients: purge, keep_disconnected_clients: keepMs } = server
  if (!purge || keepMs === 0 || (keepMs >= MIN_KEEP_MS && keepMs <= MAX_KEEP_MS)) return
  const range = `[${formatDuration(MIN_KEEP_MS)}, ${formatDuration(MAX_KEEP_MS)}]`
  object(['server.keep_disconnected_clients'], {
    message: `expected 'Keep Lost Clients' can be in range ${range}, actual: ${formatDuration(keepMs)}`,
    fix: 'write a duration with a unit, such as "24h"; a number without a unit counts nanoseconds',
  })
}

function checkKeySeed({ settings: { server }, isSet, object }: Resolved): void {
  if (!isSet('server.key_seed') || server.key_seed) return
  object(['server.key_seed'], {
    message: "'key_seed' is empty: agents could not recognise the server after a restart",
    fix: 'remove the line to have a seed made and kept in data_dir, or write a random text: openssl rand -hex 18',
  })
}

function checkClientsAuth(resolution: Resolved): void {
  const { settings, object } = resolution
  const { auth, auth_table: table } = settings.server
  if (objectToSeveral(resolution, 'server', ['auth_file', 'auth', 'auth_table'], '')) return
  if (auth && !splitCredential(auth.reveal())) {
    object(['server.auth'], {
      message: "invalid client auth credentials, expected '<client-id>:<password>'",
      fix: 'write id and password with a colon between them: "agents:a-long-password"',
    })
  }
  if (table && !settings.database.db_type) {
    object(['server.auth_table', 'database.db_type'], {
      message: "'db_type' must be set when 'auth_table' is set",
      fix: 'describe the database in the section [database]',
    })
  }
  if (settings.database.db_type && !settings.database.db_name) {
    object(['database.db_name', 'database.db_type'], {
      message: "'db_name' must be set when 'db_type' is set",
      fix: 'write the path of the SQLite file, or the name of the database on its server',
    })
  }
  if (settings.database.db_type === 'postgres' && !settings.database.db_user) {
    object(['database.db_user', 'database.db_type'], {
      message: "'db_user' must be set when 'db_type' is 'postgres'",
      fix: 'name the user who may read the tables',
    })
  }
}

function checkApi(resolution: Resolved): void {
  const { settings, object, isSet } = resolution
  const { api, database } = settings
  if (isSet('api.address') && !api.address && api.doc_root) {
    const message = 'API: to use document root you need to specify API address'
    object(['api.doc_root', 'api.address'], { message, fix: 'write address = "127.0.0.1:3000", or remove doc_root' })
  }
  const files = ['api.cert_file', 'api.key_file']
  if (api.enable_acme && (api.cert_file || api.key_file)) {
    object([...files, 'api.enable_acme'].filter(isSet), {
      message: 'API: cert_file, key_file and enable_acme cannot be used together',
      fix: 'remove either the files or enable_acme',
    })
  } else {
    objectToHalfPair(object, files, api.cert_file, api.key_file, 'API: ')
  }
  if (api.enable_acme && !api.base_url) {
    const message = 'API: base_url must have a host when acme is enabled'
    object(['api.base_url', 'api.enable_acme'], { message, fix: 'write base_url = "https://rport.example.com"' })
  }
  if (api.enable_acme && api.base_url && !isDnsName(new URL(api.base_url).hostname)) {
    object(['api.base_url', 'api.enable_acme'], {
      message: 'API: base_url must have a name when acme is enabled: there are no certificates for addresses',
      fix: 'write the DNS name of the server: base_url = "https://rport.example.com"',
    })
  }
  checkUsers(resolution)
  if (api.auth_user_table && !database.db_type) {
    object(['api.auth_user_table', 'database.db_type'], {
      message: "API: 'db_type' must be set when 'auth_user_table' is set",
      fix: 'describe the database in the section [database]',
    })
  }
  checkOAuth(resolution)
  checkSecondFactor(resolution)
}

function checkUsers(resolution: Resolved): void {
  const { settings, object } = resolution
  const { api } = settings
  if (objectToSeveral(resolution, 'api', ['auth_file', 'auth', 'auth_user_table'], 'API: ')) return
  if (api.auth && !splitCredential(api.auth.reveal())) {
    object(['api.auth'], {
      message: 'API: invalid auth format: expected <user>:<password>',
      fix: 'write name and password with a colon between them: "admin:a-long-password"',
    })
  }
  if (api.auth_user_table && !api.auth_group_table) {
    const message = "API: when 'auth_user_table' is set, 'auth_group_table' must be set as well"
    object(['api.auth_group_table', 'api.auth_user_table'], { message, fix: 'name the table with the groups of users' })
  }
  if (!api.auth_header) return
  if (api.auth) {
    const message = "API: 'auth_header' cannot be used with single user 'auth'"
    object(['api.auth_header', 'api.auth'], { message, fix: 'remove one of them' })
  }
  if (api.user_header === '') {
    const message = "API: 'user_header' must be set when 'auth_header' is set"
    object(['api.user_header', 'api.auth_header'], { message, fix: 'name the header that carries the user name' })
  }
}

/** The API behind tunnels on sub-domains needs a name, or both would answer on one port. */
function checkPortClash({ settings, object }: Resolved): void {
  const { address, api_hostname: host, api_port: port } = settings['caddy-integration']
  const tunnelPort = address?.split(':').at(-1)
  if (!tunnelPort || tunnelPort !== String(settings.api.address?.port) || (host && port)) return
  object(['caddy-integration.address', 'api.address'], {
    message: 'API: API and tunnel subdomains are on the same port. The api_hostname and api_port must be configured',
    fix: 'use another port for one of them, or set api_hostname and api_port',
  })
}

/** Takes `name:password` apart at the first colon; undefined when one of them is missing. */
export function splitCredential(text: string): { name: string; password: string } | undefined {
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1) return undefined
  return { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Reports the first two of several settings that exclude each other; true when there were any. */
function objectToSeveral(
  { settings, object }: Resolved,
  section: 'server' | 'api',
  keys: readonly string[],
  prefix: string,
): boolean {
  const values = new Map<string, unknown>(Object.entries(settings[section]))
  const [first, second] = keys.filter((key) => values.get(key) !== undefined)
  if (first === undefined || second === undefined) return false
  object([`${section}.${first}`, `${section}.${second}`], {
    message: `${prefix}'${first}' and '${second}' are both set: expected only one of them`,
    fix: 'remove one of them',
  })
  return true
}

function objectToHalfPair(
  object: Resolved['object'],
  paths: readonly string[],
  cert: string | undefined,
  key: string | undefined,
  prefix: string,
): void {
  if (Boolean(cert) === Boolean(key)) return
  const names = paths.map((path) => path.slice(path.indexOf('.') + 1))
  const [given, missing] = cert ? names : names.toReversed()
  const message = `${prefix}when '${given}' is set, '${missing}' must be set as well`
  object(cert ? paths.toReversed() : paths, { message, fix: 'name both files, or none' })
}
