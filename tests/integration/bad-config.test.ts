import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  createScope,
  createTurns,
  ROOT,
  RPORT,
  RPORTD,
  type RunResult,
  run,
  startHoldTarget,
} from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

/** A start keeps a core busy: more of them at the same time would only wait for each other. */
const inTurn = createTurns(3)

/** Runs a program that must stop by itself. */
const start = (command: string, args: readonly string[], cwd = ROOT): Promise<RunResult> =>
  inTurn(() => run(scope, { name: 'program', command, args, cwd }))

/** Starts a program on a configuration that must stop it. */
async function refuse(command: string, config: string, ...args: string[]): Promise<RunResult> {
  const folder = await scope.folder('bad-config')
  const file = join(folder, 'test.conf')
  await writeFile(file, config.replaceAll('FOLDER', folder))
  return start(command, ['-c', file, ...args], folder)
}

const server = (lines: string) => `[server]
  address = "127.0.0.1:0"
  data_dir = "FOLDER/data"
  allow_root = true
  auth = "a:b"
${lines}
`
const agent = (lines: string) => `[client]
  server = "http://127.0.0.1:1"
  auth = "a:b"
  allow_root = true
  data_dir = "FOLDER/data"
${lines}
`

describe.concurrent('rportd stops with code 1, and says what is wrong and where, for', () => {
  test.each([
    ['a file that is no TOML', server('  key_seed = "open'), /test\.conf.*6|line 6/s],
    ['an unknown key, with the one that was meant', server('  key_sed = "x"'), /key_sed.*key_seed/s],
    ['an unknown section', `${server('')}[sever]\n  x = 1\n`, /sever/],
    ['an empty key_seed', server('  key_seed = ""'), /key_seed/],
    ['a port range upside down', server('  used_ports = ["30000-20000"]'), /used_ports.*30000-20000/s],
    ['a port that is no port', server('  used_ports = ["70000"]'), /used_ports.*70000/s],
    ['ports that are words', server('  excluded_ports = ["many"]'), /excluded_ports.*many/s],
    ['a duration without unit', server('  check_port_timeout = "5"'), /check_port_timeout.*5/s],
    ['a duration above its limit', server('  check_port_timeout = "2m"'), /check_port_timeout/],
    ['a credential without colon', server('').replace('auth = "a:b"', 'auth = "ab"'), /auth/],
    ['two sources of credentials', server('  auth_file = "FOLDER/auth.json"'), /auth_file.*auth/s],
    ['a url of another kind', server('  url = ["ftp://example.com"]'), /url.*ftp/s],
    ['a negative length of a ban', server('  ban_time = -1'), /ban_time = -1.*from 0 up/s],
    ['a proxy that is no address', server('  trusted_proxies = ["300.1.1.1"]'), /trusted_proxies.*300\.1\.1\.1/s],
    ['half a pair of certificate and key', server('[api]\n  address = "127.0.0.1:0"\n  cert_file = "/x"'), /key_file/],
    ['an address without port', server('[api]\n  address = "127.0.0.1"'), /\[api\] address.*host and port/s],
    ['a database of an unknown kind', server('[database]\n  db_type = "oracle"'), /db_type.*oracle.*mysql/s],
    [
      'an address of metrics that is only a port',
      server('[metrics]\n  address = "9180"'),
      /\[metrics\] address.*9180/s,
    ],
    [
      'a log file in a folder that is not there',
      server('[logging]\n  log_file = "/no/such/x"'),
      /\/no\/such\/x.*log_file/s,
    ],
    [
      'a data folder that cannot be made',
      server('').replace('FOLDER/data', 'FOLDER/test.conf/data'),
      /test\.conf\/data.*data_dir/s,
    ],
  ])('%s', async (_, config, message) => {
    const result = await refuse(RPORTD, config)
    expect(result.code).toBe(1)
    expect(result.output).toMatch(message)
    expect(result.output).not.toMatch(/^\s+at .*\.ts:\d+/m)
  })

  test('several faults at once, all of them', async () => {
    const result = await refuse(RPORTD, server('  used_ports = ["x"]\n  ban_time = "long"\n  nonsense = 1'))
    expect(result.code).toBe(1)
    for (const key of ['used_ports', 'ban_time', 'nonsense']) expect(result.output).toContain(key)
  })

  test('a secret in a faulty value, without showing it', async () => {
    const result = await refuse(RPORTD, server('').replace('auth = "a:b"', 'auth = "secret-without-colon"'))
    expect(result.code).toBe(1)
    expect(result.output).not.toContain('secret-without-colon')
  })

  test('a file that is not there', async () => {
    const result = await start(RPORTD, ['-c', '/no/such/rportd.conf'])
    expect(result.code).toBe(1)
    expect(result.output).toContain('/no/such/rportd.conf')
  })

  test('an unknown flag', async () => {
    const result = await start(RPORTD, ['--adress', '127.0.0.1:1'])
    expect(result.code).toBe(1)
    expect(result.output).toContain('--adress')
  })

  test('an address that is taken', async () => {
    const holder = await startHoldTarget(scope)
    const taken = `127.0.0.1:${holder.port}`
    const agents = await refuse(RPORTD, server('').replace('127.0.0.1:0', taken))
    expect(agents.code).toBe(1)
    expect(agents.output).toContain(`cannot listen for agents on ${taken}: another program has this port`)
    const api = await refuse(RPORTD, server(`[api]\n  address = "${taken}"\n  auth = "admin:a-long-password-1"`))
    expect(api.code).toBe(1)
    expect(api.output).toContain(`cannot listen for the API on ${taken}: another program has this port`)
    expect(api.output).toContain('[api] address')
  })
})

describe.concurrent('rport stops with code 1, and says what is wrong and where, for', () => {
  test.each([
    ['a missing server', agent('').replace(/ {2}server = .*\n/, ''), /server/],
    ['an unknown key, with the one that was meant', agent('  fingerprnt = "x"'), /fingerprnt.*fingerprint/s],
    ['a remote without ports', agent('  remotes = ["abc"]'), /remotes?.*abc.*Missing ports/s],
    ['a remote of five parts', agent('  remotes = ["1:2:3:4:5"]'), /remotes?.*1:2:3:4:5.*Invalid remote/s],
    [
      'a target that its own rules forbid',
      agent('  remotes = ["22"]\n  tunnel_allowed = ["10.0.0.0/8"]'),
      /tunnel_allowed/,
    ],
    ['a rule that is no address', agent('  tunnel_allowed = ["host.example"]'), /tunnel_allowed.*host\.example/s],
    ['a header without colon', `${agent('')}[connection]\n  headers = ["oops"]\n`, /headers?.*oops/s],
    [
      'a log level that does not exist',
      `${agent('')}[logging]\n  log_level = "loud"\n`,
      /log_level.*loud|log level.*loud/s,
    ],
    ['a server of another kind', agent('').replace('http://127.0.0.1:1', 'ftp://127.0.0.1:1'), /server.*ftp/s],
    ['a fallback server of another kind', agent('  fallback_servers = ["ftp://x"]'), /fallback_servers.*ftp/s],
    ['a proxy of another kind', agent('  proxy = "https://x:1"'), /proxy.*http:\/\/proxy:3128/s],
    ['a fingerprint that is none', agent('  fingerprint = "zz"'), /fingerprint = "zz".*rportd-fingerprint/s],
    ['a credential without colon', agent('').replace('auth = "a:b"', 'auth = "ab"'), /auth/],
    ['labels that are no table', agent('  labels = 5'), /labels = 5.*name = "value"/s],
    ['an address service that is no URL', agent('  ip_api_url = "nothing"'), /ip_api_url = "nothing"/],
    ['a setting in the wrong section', agent('  ca_file = "/x.pem"'), /ca_file.*\[connection\]/s],
    ['an unknown section', agent('[connektion]\n  x = 1'), /connektion.*\[connection\]/s],
    ['a duration that is a word', agent('[connection]\n  keep_alive = "soon"'), /keep_alive = "soon"/],
    ['a count that is a word', agent('[connection]\n  max_retry_count = "many"'), /max_retry_count = "many"/],
    ['a limit below nothing', agent('[remote-commands]\n  send_back_limit = -1'), /send_back_limit = -1/],
    [
      'a log file in a folder that is not there',
      agent('[logging]\n  log_file = "/no/such/x"'),
      /\/no\/such\/x.*log_file/s,
    ],
    [
      'a data folder that cannot be made',
      agent('').replace('FOLDER/data', 'FOLDER/test.conf/data'),
      /test\.conf\/data/,
    ],
  ])('%s', async (_, config, message) => {
    const result = await refuse(RPORT, config)
    expect(result.code).toBe(1)
    expect(result.output).toMatch(message)
    expect(result.output).not.toMatch(/^\s+at .*\.ts:\d+/m)
  })
})
