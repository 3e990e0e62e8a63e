import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatFaults, renderExample } from '@rport/config'
import { hasPort } from '@rport/protocol'
import { describe, expect, test } from 'vitest'
import { loadServerConfig } from './load-server-config.ts'
import { serverProgram } from './schema.ts'

const FILE = '/etc/test/rportd.conf'

interface Given {
  argv?: string[]
  env?: Record<string, string>
  file?: string
}

function load({ argv = [], env = {}, file }: Given) {
  const readFile = (path: string) => {
    if (file !== undefined && path === FILE) return file
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  }
  return loadServerConfig({ argv, env, cwd: '/etc/test', readFile, cpuCount: 4 })
}

function ready(given: Given) {
  const loaded = load(given)
  if (loaded.kind !== 'ready') throw new Error(JSON.stringify(loaded))
  return loaded
}
const config = (given: Given) => ready(given).config
const refusal = (file: string, given: Given = {}) => {
  const loaded = load({ ...given, file })
  return loaded.kind === 'faults' ? formatFaults(serverProgram, loaded.faults) : `not refused: ${loaded.kind}`
}

describe('without a configuration file', () => {
  test('the server keeps everything itself and opens its API to this machine', () => {
    expect(config({})).toMatchObject({
      file: undefined,
      dataDir: '/var/lib/rport',
      agents: { listen: { host: '0.0.0.0', port: 8080 }, urls: ['http://0.0.0.0:8080'], maxConcurrentHandshakes: 2 },
      api: { listen: { host: '127.0.0.1', port: 3000 } },
      clientsAuth: { source: { kind: 'embedded' } },
      users: { source: { kind: 'embedded' }, jwtSecret: undefined },
      logging: { file: undefined, level: 'info', format: 'text', rotation: { maxBytes: 100_000_000, keep: 10 } },
    })
    expect(config({}).agents.keySeed).toBeUndefined()
  })

  test('an API address that is empty switches the API off', () => {
    expect(config({ argv: ['--api-addr', ''] }).api.listen).toBeUndefined()
  })
})

describe('with a configuration file', () => {
  test('there is no API unless it says where, as in the original', () => {
    expect(config({ file: '' }).api.listen).toBeUndefined()
    expect(config({ file: '[api]\naddress = "[::1]:3000"\n' }).api.listen).toEqual({ host: '::1', port: 3000 })
    expect(config({ file: '' }).file).toBe('rportd.conf')
  })

  test('certificate and key switch the API to HTTPS', () => {
    const file = '[api]\naddress = ":3000"\ncert_file = "/c.crt"\nkey_file = "/c.key"\n'
    expect(config({ file }).api.tls).toEqual({
      minVersion: '1.3',
      source: { kind: 'files', certFile: '/c.crt', keyFile: '/c.key' },
    })
    expect(config({ file: `${file}tls_min = "1.2"\n` }).api.tls?.minVersion).toBe('1.2')
    expect(config({ file: '[api]\naddress = ":3000"\n' }).api.tls).toBeUndefined()
  })

  test('ACME orders a certificate for the host of base_url', () => {
    const file = '[api]\naddress = ":443"\nenable_acme = true\nbase_url = "https://Rport.example.com:8443/x"\n'
    expect(config({ file }).api.tls?.source).toEqual({
      kind: 'acme',
      name: 'rport.example.com',
      directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
      httpPort: 0,
      redirectTo: 'https://rport.example.com:8443',
    })
    expect(config({ file: `${file}[server]\nacme_http_port = 80\n` }).api.tls?.source).toMatchObject({ httpPort: 80 })
  })

  test('credentials come from where it says', () => {
    const { source } = config({ file: '[server]\nauth = "agents:a:b"\n' }).clientsAuth
    expect(source.kind === 'static' && [source.id, source.password.reveal()]).toEqual(['agents', 'a:b'])
    expect(config({ file: '[server]\nauth_file = "/x.json"\n' }).clientsAuth.source).toEqual({
      kind: 'file',
      path: '/x.json',
    })
    expect(config({ file: '[api]\nauth_file = "/u.json"\n' }).users.source).toEqual({ kind: 'file', path: '/u.json' })
    const tables = '[api]\nauth_user_table="u"\nauth_group_table="g"\n[database]\ndb_type="sqlite"\ndb_name="/x.db"\n'
    expect(config({ file: tables })).toMatchObject({
      users: { source: { kind: 'tables', userTable: 'u', groupTable: 'g', groupDetailsTable: undefined } },
      database: { kind: 'sqlite', path: '/x.db' },
    })
  })

  test('seconds become milliseconds, and fractions count', () => {
    const file = '[server]\nclient_login_wait = 0.5\nban_time = 10\n[api]\nuser_login_wait = 2.9\n'
    expect(config({ file })).toMatchObject({
      agents: { lockout: { loginWaitMs: 500, banMs: 10_000, maxFailedLogins: 5 } },
      api: { lockout: { loginWaitMs: 2900, banMs: 600_000, maxFailedLogins: 10 } },
    })
  })

  test('a ping period below two minutes is raised, and that is said', () => {
    const { config: raised, notices } = ready({ file: '[server]\ncheck_clients_connection_interval = "1m"\n' })
    expect(raised.clients.checkConnectionIntervalMs).toBe(120_000)
    expect(notices).toMatchObject([{ level: 'warn', fields: { minimum: '2m' } }])
  })

  test('origins that no browser sends are left out, and that is said', () => {
    const { config: kept, notices } = ready({ file: '[api]\ncors = ["https://ui.example.com", "https://x/", "*"]\n' })
    expect(kept.api.cors).toEqual(['https://ui.example.com', '*'])
    expect(notices).toMatchObject([{ level: 'warn', fields: { origin: 'https://x/' } }])
  })

  test('more handshakes than processors can do are allowed with a warning', () => {
    expect(ready({ file: '[server]\nmax_concurrent_ssh_handshakes = 8\n' }).notices).toEqual([])
    expect(ready({ file: '[server]\nmax_concurrent_ssh_handshakes = 9\n' }).notices).toMatchObject([{ level: 'warn' }])
  })

  test('an id is taken from the credential only when credentials are not shared', () => {
    const equate = '[server]\nequate_clientauthid_clientid = true\n'
    expect(config({ file: equate }).clientsAuth.clientIdFromAuthId).toBe(false)
    expect(config({ file: `${equate}auth_multiuse_creds = false\n` }).clientsAuth.clientIdFromAuthId).toBe(true)
  })

  test('older names still work', () => {
    const file = '[server]\nkeep_lost_clients = "2h"\nmax_request_bytes = 4096\n[monitoring]\ndata_storage_days = 3\n'
    expect(config({ file })).toMatchObject({
      clients: { keepDisconnectedMs: 7_200_000 },
      api: { maxRequestBytes: 4096 },
      monitoring: { keepMs: 3 * 86_400_000 },
    })
  })

  test('the value is frozen to its leaves', () => {
    const frozen = config({ file: '[api]\ncors = ["*"]\n' })
    expect([frozen, frozen.api, frozen.api.cors, frozen.agents.trustedProxies].every(Object.isFrozen)).toBe(true)
  })

  test('no secret shows itself in it', () => {
    const file =
      '[server]\nkey_seed = "s-1"\nauth = "a:s-2"\n[api]\nauth = "u:s-3"\njwt_secret = "s-4"\n[smtp]\nauth_password = "s-5"\n'
    expect(JSON.stringify(config({ file }))).not.toMatch(/s-\d/)
  })
})

describe('ports for tunnels', () => {
  const { ports } = config({}).tunnels
  test('unset: random ones from 20000 to 30000, fixed ones from 1025 up', () => {
    expect([19_999, 20_000, 30_000, 30_001].map((port) => hasPort(ports.random, port))).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect([1024, 1025, 65_535].map((port) => hasPort(ports.fixed, port))).toEqual([false, true, true])
  })

  test('set: the same for both, without the excluded ones', () => {
    const { random, fixed, usedTexts } = config({
      file: '[server]\nused_ports = "100-200,300"\nexcluded_ports = "150"\n',
    }).tunnels.ports
    expect(fixed).toEqual(random)
    expect([100, 150, 300, 301].map((port) => hasPort(random, port))).toEqual([true, false, true, false])
    expect(usedTexts).toEqual(['100-200', '300'])
  })

  test('excluded ones are taken from the default, too', () => {
    const policy = config({ file: '[server]\nexcluded_ports = ["25000"]\n' }).tunnels.ports
    expect([policy.random, policy.fixed].map((set) => hasPort(set, 25_000))).toEqual([false, false])
    expect(hasPort(config({ file: '[server]\nexcluded_ports = []\n' }).tunnels.ports.fixed, 1024)).toBe(false)
  })
})

describe('the command lines of the first days', () => {
  test('rportd --log-level info --data-dir /var/tmp/ --key K --auth user1:1234', () => {
    const argv = ['--log-level', 'info', '--data-dir', '/var/tmp/', '--key', 'K', '--auth', 'user1:1234']
    expect(config({ argv })).toMatchObject({
      dataDir: '/var/tmp/',
      clientsAuth: { source: { kind: 'static', id: 'user1' } },
    })
    expect(config({ argv }).agents.keySeed?.reveal()).toBe('K')
  })

  test('rportd --addr 0.0.0.0:9999 --auth rport:password123 --data-dir DIR', () => {
    const argv = ['--addr', '0.0.0.0:9999', '--auth', 'rport:password123', '--data-dir', 'DIR']
    expect(config({ argv }).agents).toMatchObject({ listen: { port: 9999 }, urls: ['http://0.0.0.0:9999'] })
  })

  test('rportd -p 19075 --key K', () => {
    expect(config({ argv: ['-p', '19075', '--key', 'K'] }).agents.listen).toEqual({ host: '0.0.0.0', port: 19_075 })
    expect(refusal('', { argv: ['-p', 'x'] })).toContain('flag --port "x" is no port')
    expect(refusal('', { argv: ['-p', '1', '--addr', ':2'] })).toContain('--port and --addr are both given')
  })

  test('RPORT_KEY, HOST and PORT count less than the file', () => {
    const env = { RPORT_KEY: 'K', HOST: '127.0.0.1', PORT: '9000' }
    expect(config({ env }).agents).toMatchObject({ listen: { host: '127.0.0.1', port: 9000 } })
    expect(config({ env }).agents.keySeed?.reveal()).toBe('K')
    const file = '[server]\naddress = ":1"\nkey_seed = "F"\n'
    expect(config({ env, file }).agents.listen).toEqual({ host: '', port: 1 })
    expect(config({ env, file }).agents.keySeed?.reveal()).toBe('F')
  })

  test('a HOST that is the name of the machine is not meant', () => {
    expect(config({ env: { HOST: 'myhost', PORT: 'x' } }).agents.listen).toEqual({ host: '0.0.0.0', port: 8080 })
  })

  test('--version and --help are printed', () => {
    expect(load({ argv: ['--version'] })).toMatchObject({
      kind: 'print',
      text: expect.stringMatching(/^rportd \d+\.\d+\.\d+\n$/),
    })
    expect(load({ argv: ['-h'] })).toMatchObject({ kind: 'print', text: expect.stringContaining('Usage: rportd') })
  })
})

describe('example files', () => {
  const original = readFileSync(join(import.meta.dirname, 'fixtures/original.conf'), 'utf8')

  test("the original's starts, with its licence keys and well-known secrets reported", () => {
    const { notices } = ready({ file: original.replace('<FQDN-OF-RPORT>', 'rport.example.com') })
    const fields = notices.map((notice) => notice.fields)
    for (const setting of ['[plus-plugin] plugin_path', 'server.key_seed', 'api.jwt_secret']) {
      expect(fields).toContainEqual(expect.objectContaining({ setting }))
    }
  })

  test('ours starts as soon as it has a seed', () => {
    const example = renderExample(serverProgram)
    expect(refusal(example)).toContain('openssl rand -hex 18')
    const seeded = example.replaceAll(/key_seed = .*/g, 'key_seed ="abc"')
    expect(config({ file: seeded }).agents.keySeed?.reveal()).toBe('abc')
    expect(config({ file: seeded }).api.listen).toEqual({ host: '127.0.0.1', port: 3000 })
    expect(ready({ file: seeded }).notices).toEqual([])
  })
})

describe('a broken configuration stops the start, with place and fix:', () => {
  test.each([
    ['text without end', '[server]\nauth = "a:b\n', 'error parsing config file', 2],
    ['unknown key', '[server]\nkey_sed = "x"\n', 'unknown key key_sed in section [server]', 2],
    ['unknown section', '[sever]\naddress = ":1"\n', 'unknown section [sever]', 1],
    ['key outside of a section', 'address = ":1"\n', 'outside of any section', 1],
    ['list of sections', '[[server]]\naddress = ":1"\n', 'outside of any section', 1],
    ['empty key_seed', '[server]\n\nkey_seed = ""\n', "'key_seed' is empty", 3],
    ['address without port', '[server]\naddress = "0.0.0.0"\n', 'address has no port', 2],
    ['empty address', '[server]\naddress = ""\n', 'not of the form host:port', 2],
    ['port that is too large', '[api]\naddress = "127.0.0.1:70000"\n', 'not of the form host:port', 2],
    [
      'other kind of url',
      '[server]\nurl = ["ftp://x"]\n',
      'server.URL: invalid url ftp://x: schema must be http or https',
      2,
    ],
    ['relative url', '[server]\nurl = "http:x"\n', 'server.URL: invalid url http:x, must be absolute url', 2],
    [
      'pairing url',
      '[server]\npairing_url = "x"\n',
      'server.pairingURL: invalid url x: schema must be http or https',
      2,
    ],
    ['range upside down', '[server]\nused_ports = ["9-5"]\n', "can't parse 'used_ports': invalid port range 9-5", 2],
    [
      'word for a port',
      '[server]\nexcluded_ports = ["many"]\n',
      "can't parse 'excluded_ports': can't parse port number many",
      2,
    ],
    ['port above 65535', '[server]\nused_ports = [70000]\n', "can't parse 'used_ports': invalid port number: 70000", 2],
    [
      'no port left',
      '[server]\nused_ports = ["5"]\n',
      "invalid 'used_ports', 'excluded_ports': at least one port should be available",
      2,
    ],
    [
      'certificate without key',
      '[server]\ntunnel_proxy_cert_file = "c"\n',
      "when 'tunnel_proxy_cert_file' is set, 'tunnel_proxy_key_file' must be set as well",
      2,
    ],
    [
      'key without certificate',
      '[api]\nkey_file = "k"\n',
      "API: when 'key_file' is set, 'cert_file' must be set as well",
      2,
    ],
    [
      'certificate and ACME',
      '[api]\nbase_url = "https://x"\nenable_acme = true\ncert_file = "c"\nkey_file = "k"\n',
      'API: cert_file, key_file and enable_acme cannot be used together',
      4,
    ],
    [
      'ACME for an address',
      '[api]\nenable_acme = true\nbase_url = "https://192.0.2.1"\n',
      'there are no certificates for addresses',
      3,
    ],
    ['ACME without TLS', '[server]\nacme_directory = "http://ca/d"\n', "'acme_directory' must be an https URL", 2],
    ['ACME without a name', '[api]\nenable_acme = true\n', 'API: base_url must have a host when acme is enabled', 2],
    ['empty data folder', '[server]\ndata_dir = ""\n', "'data directory path' cannot be empty", 2],
    [
      'clients kept too long',
      '[server]\npurge_disconnected_clients = true\nkeep_disconnected_clients = "200h"\n',
      "expected 'Keep Lost Clients' can be in range [1s, 168h0m0s], actual: 200h0m0s",
      3,
    ],
    ['duration without unit', '[server]\ncheck_port_timeout = "5"\n', 'check_port_timeout is no duration', 2],
    [
      'port check too long',
      '[server]\ncheck_port_timeout = "61s"\n',
      "'check_port_timeout' can not be more than 1m0s",
      2,
    ],
    [
      'credential without colon',
      '[server]\nauth = "ab"\n',
      "invalid client auth credentials, expected '<client-id>:<password>'",
      2,
    ],
    [
      'two credential sources',
      '[server]\nauth = "a:b"\nauth_file = "f"\n',
      "'auth_file' and 'auth' are both set: expected only one of them",
      3,
    ],
    ['table without database', '[server]\nauth_table = "t"\n', "'db_type' must be set when 'auth_table' is set", 2],
    [
      'unknown database',
      '[database]\ndb_type = "oracle"\n',
      `invalid 'db_type', expected 'mysql', 'postgres' or 'sqlite', got "oracle"`,
      2,
    ],
    ['database without name', '[database]\ndb_type = "sqlite"\n', "'db_name' must be set", 2],
    [
      'pages without API',
      '[api]\naddress = ""\ndoc_root = "/x"\n',
      'API: to use document root you need to specify API address',
      3,
    ],
    [
      'two user sources',
      '[api]\nauth = "a:b"\nauth_file = "f"\n',
      "API: 'auth_file' and 'auth' are both set: expected only one of them",
      3,
    ],
    [
      'users without groups',
      '[api]\nauth_user_table = "u"\n',
      "API: when 'auth_user_table' is set, 'auth_group_table' must be set as well",
      2,
    ],
    ['user without colon', '[api]\nauth = "admin"\n', 'API: invalid auth format: expected <user>:<password>', 2],
    [
      'header login of a single user',
      '[api]\nauth = "a:b"\nauth_header = "X"\n',
      "API: 'auth_header' cannot be used with single user 'auth'",
      3,
    ],
    [
      'header login without a name',
      '[api]\nauth_header = "X"\nuser_header = ""\n',
      "API: 'user_header' must be set when 'auth_header' is set",
      3,
    ],
    [
      'token lifetime',
      '[api]\nmax_token_lifetime = 2161\n',
      'API: max_token_lifetime outside allowable ranges. must be between 0 and 2160',
      2,
    ],
    ['TLS version', '[api]\ntls_min = "1.1"\n', 'TLS must be either 1.2 or 1.3', 2],
    [
      'both second factors',
      '[api]\ntotp_enabled = true\ntwo_fa_token_delivery = "smtp"\n',
      'API: conflicting 2FA configuration',
      2,
    ],
    [
      'second factor of a single user',
      '[api]\nauth = "a:b"\ntwo_fa_token_delivery = "smtp"\n',
      'API: 2FA is not available if you use a single static user-password pair',
      3,
    ],
    [
      'second factor by URL without a name',
      '[api]\ntwo_fa_token_delivery = "https://x"\n',
      'API: base_url is required for url two_fa_token_delivery',
      2,
    ],
    [
      'authenticator app of a single user',
      '[api]\nauth = "a:b"\ntotp_enabled = true\n',
      'API: 2FA is not available if you use a single static user-password pair',
      3,
    ],
    [
      'codes by mail without a mail server',
      '[api]\ntwo_fa_token_delivery = "smtp"\n[smtp]\nsender_email = "r@example.com"\n',
      'API: smtp.server is required',
      2,
    ],
    [
      'mail server without port',
      '[api]\ntwo_fa_token_delivery = "smtp"\n[smtp]\nserver = "mail"\nsender_email = "r@example.com"\n',
      'API: invalid smtp.server',
      4,
    ],
    [
      'codes by mail from nobody',
      '[api]\ntwo_fa_token_delivery = "smtp"\n[smtp]\nserver = "mail:25"\n',
      'API: invalid smtp.sender_email: email cannot be empty',
      2,
    ],
    [
      'codes by mail from several',
      '[api]\ntwo_fa_token_delivery = "smtp"\n[smtp]\nserver = "mail:25"\nsender_email = "a@x, b@x"\n',
      'API: invalid smtp.sender_email: invalid email format',
      5,
    ],
    [
      'codes by Pushover without a token',
      '[api]\ntwo_fa_token_delivery = "pushover"\n',
      'API: pushover.api_token is required',
      2,
    ],
    [
      'pattern of receivers',
      '[api]\ntwo_fa_send_to_type = "regex"\ntwo_fa_send_to_regex = "("\n',
      'API: invalid api.two_fa_send_to_regex',
      3,
    ],
    ['receiver type', '[api]\ntwo_fa_send_to_type = "phone"\n', 'invalid api.two_fa_send_to_type: "phone"', 2],
    ['rotation', '[api]\naudit_log_rotation = "hourly"\n', 'API: invalid api.audit_log_rotation: "hourly"', 2],
    ['log level', '[logging]\nlog_level = "loud"\n', 'invalid log level: "loud"', 2],
    [
      'monitoring for minutes',
      '[monitoring]\ndata_storage_duration = "30m"\n',
      "'data_storage_duration' must include units of either d (=days) or h (=hours)",
      2,
    ],
    [
      'monitoring for no time',
      '[monitoring]\ndata_storage_duration = "0h"\n',
      'monitoring results must be stored for at least 1 hour',
      2,
    ],
    [
      'cleaning without a pause',
      '[notifications]\ncleanup_interval = "0"\n',
      'notifications.cleanup_interval must be more than 0',
      2,
    ],
    [
      'proxy that is no address',
      '[server]\ntrusted_proxies = ["10.0.0.0/33"]\n',
      'neither an address nor a network: "10.0.0.0/33"',
      2,
    ],
    [
      'API and tunnels on one port',
      '[api]\naddress = ":8443"\n[caddy-integration]\naddress = "0.0.0.0:8443"\n',
      'API: API and tunnel subdomains are on the same port',
      4,
    ],
    ['handshakes', '[server]\nmax_concurrent_ssh_handshakes = 0\n', 'max_concurrent_ssh_handshakes is less than 1', 2],
    [
      'pages for tunnels with a proxy without scheme',
      '[server]\nproxy = "intranet:80"\n',
      'missing protocol: proxy',
      2,
    ],
    ['tunnel host', '[server]\ntunnel_host = "a b"\n', "invalid tunnel_host 'a b': use IP address or FQDN", 2],
    [
      'acme and certificate for tunnels',
      '[server]\ntunnel_enable_acme = true\ntunnel_proxy_cert_file = "c"\n',
      'tunnel_proxy_cert_file, tunnel_proxy_key_file and tunnel_enable_acme cannot be used together',
      3,
    ],
  ])('%s', (_, file, message, line) => {
    const text = refusal(file)
    expect(text).toContain(message)
    expect(text).toContain(`rportd.conf:${line}`)
    expect(text).toContain('Fix: ')
  })

  test('all faults at once, without a word about what follows from them', () => {
    const text = refusal(
      '[server]\nauth = 5\nauth_file = 7\nban_time = "x"\n[database]\ndb_type = "oracle"\n[api]\nauth_user_table = "u"\nauth_group_table = "g"\n',
    )
    expect(text.match(/Invalid config/g)).toHaveLength(3)
    expect(text).not.toContain("'db_type' must be set")
  })

  test('secrets stay hidden', () => {
    const file =
      '[server]\nauth = "s-1"\nkey_seed = ["s-2"]\nproxy = "http://u:s-3@"\n[api]\nauth = "s-4"\njwt_secret = ["s-5"]\n'
    expect(refusal(file)).not.toMatch(/s-\d/)
  })

  test('a conflict with the environment is reported by its name', () => {
    expect(refusal('[server]\nauth_file = "f"\n', { env: { RPORT_SERVER_AUTH: 'a:b' } })).toContain(
      'environment variable RPORT_SERVER_AUTH = "********"',
    )
  })
})

test('programs that the server starts see the environment, but not its settings', () => {
  const { config } = ready({ file: '', env: { PATH: '/bin', RPORT_API_JWT_SECRET: 's' } })
  expect(config.environment).toEqual({ PATH: '/bin' })
})

test('settings that are planned warn once each, with their line', () => {
  const { notices } = ready({
    file: '[server]\nnovnc_root = "/x"\n[api]\nenable_ws_test_endpoints = true\nenable_audit_log = true\n',
  })
  expect(notices.map(({ level, fields }) => [level, fields['setting'], fields['where']])).toEqual([
    ['warn', '[server] novnc_root', 'rportd.conf:2'],
    ['warn', '[api] enable_ws_test_endpoints', 'rportd.conf:4'],
  ])
})
