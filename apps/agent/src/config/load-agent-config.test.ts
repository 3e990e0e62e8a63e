import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatFaults, renderExample } from '@rport/config'
import { describe, expect, test } from 'vitest'
import { loadAgentConfig } from './load-agent-config.ts'
import { agentProgram } from './schema.ts'

interface Given {
  argv?: string[]
  env?: Record<string, string>
  file?: string
  interactive?: boolean
  platform?: string
}

function load({ argv = [], env = {}, file, interactive = true, platform = 'linux' }: Given) {
  const readFile = (path: string) => {
    if (file !== undefined && path === '/etc/test/rport.conf') return file
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  }
  return loadAgentConfig({ argv, env, cwd: '/etc/test', readFile, interactive, platform })
}

function ready(given: Given) {
  const loaded = load(given)
  if (loaded.kind !== 'ready') throw new Error(JSON.stringify(loaded))
  return loaded
}
const config = (given: Given) => ready(given).config
const client = (...lines: string[]) => ['[client]', 'server = "srv"', ...lines].join('\n')
const refusal = (given: Given) => {
  const loaded = load(given)
  return loaded.kind === 'faults' ? formatFaults(agentProgram, loaded.faults) : `not refused: ${loaded.kind}`
}

describe('the command lines of the first days', () => {
  test('rport --auth user1:1234 --fingerprint F --data-dir=DIR host:8080 2222:', () => {
    const argv = ['--auth', 'user1:1234', '--fingerprint', '5D:B3', '--data-dir=DIR', 'host:8080', '2222:']
    const { config: loaded, notices } = ready({ argv })
    expect(loaded).toMatchObject({
      dataDir: 'DIR',
      server: { urls: ['ws://host:8080'], fingerprint: '5d:b3', auth: { id: 'user1' } },
      tunnels: { remotes: [{ spec: { listenPort: 2222, targetHost: '127.0.0.1', targetPort: 22 } }] },
    })
    expect(loaded.server.auth?.password.reveal()).toBe('1234')
    expect(notices).toMatchObject([{ level: 'warn', message: 'a remote was completed' }])
  })

  test('rport --auth A host:9999 22', () => {
    const { tunnels, server } = config({ argv: ['--auth', 'a:b', 'host:9999', '22'] })
    expect(server.urls).toEqual(['ws://host:9999'])
    expect(tunnels.remotes).toMatchObject([{ text: '22', spec: { listenPort: undefined, targetPort: 22 } }])
  })

  test('arguments take the place of what the file says', () => {
    const file = client('remotes = ["80"]', 'tags = ["file"]')
    const { server, tunnels, identity } = config({ argv: ['other:1', '22', '23'], file })
    expect(server.urls).toEqual(['ws://other:1'])
    expect(tunnels.remotes.map(({ text }) => text)).toEqual(['22', '23'])
    expect(identity.tags).toEqual(['file'])
    expect(config({ argv: ['other:1'], file }).tunnels.remotes.map(({ text }) => text)).toEqual(['80'])
  })

  test('RPORT_AUTH and RPORT_FINGERPRINT count less than the file', () => {
    const env = { RPORT_AUTH: 'env:x', RPORT_FINGERPRINT: 'aa:bb' }
    expect(config({ argv: ['srv'], env }).server).toMatchObject({ auth: { id: 'env' }, fingerprint: 'aa:bb' })
    expect(config({ env, file: client('auth = "file:x"') }).server.auth?.id).toBe('file')
  })

  test('--version prints what installers read, --help what people do', () => {
    expect(load({ argv: ['--version'] })).toMatchObject({
      kind: 'print',
      text: expect.stringMatching(/^version \d+\.\d+\.\d+\n$/),
    })
    expect(load({ argv: ['--help'] })).toMatchObject({
      kind: 'print',
      text: expect.stringContaining('<server> [remote ...]'),
    })
  })
})

test.each([
  ['srv', 'ws://srv:80'],
  ['srv:8080', 'ws://srv:8080'],
  ['http://srv', 'ws://srv:80'],
  ['https://srv', 'wss://srv:443'],
  ['HTTPS://srv:8443/path', 'wss://srv:8443/path'],
  ['ws://srv/a', 'ws://srv:80/a'],
  ['wss://srv', 'wss://srv:443'],
  ['192.0.2.1:80', 'ws://192.0.2.1:80'],
  ['[2001:db8::1]', 'ws://[2001:db8::1]:80'],
  ['https://[2001:db8::1]:8443', 'wss://[2001:db8::1]:8443'],
])('the server %s is reached at %s', (address, url) => {
  expect(config({ argv: [address] }).server.urls).toEqual([url])
})

describe('defaults', () => {
  test('id and name come from the machine when a person starts the agent, not as a service', () => {
    expect(config({ file: client() }).identity).toMatchObject({ useSystemId: true, useHostname: true })
    expect(config({ file: client(), interactive: false }).identity).toMatchObject({
      useSystemId: false,
      useHostname: false,
    })
    expect(config({ file: client('use_system_id = true'), interactive: false }).identity.useSystemId).toBe(true)
  })

  test('folders follow the platform', () => {
    expect(config({ file: client(), platform: 'win32' })).toMatchObject({
      dataDir: 'C:\\Program Files\\rport',
      files: { protected: ['C:\\Windows\\', 'C:\\ProgramData'] },
    })
    expect(config({ file: client() }).files.protected).toContain('/lib*')
  })

  test('the connection is held as the original does', () => {
    expect(config({ file: client() }).connection).toEqual({
      keepAliveMs: 180_000,
      keepAliveTimeoutMs: 30_000,
      maxRetryCount: -1,
      maxRetryIntervalMs: 300_000,
      headers: [],
      hostname: undefined,
      watchdog: false,
    })
  })

  test('a retry interval below a second is none', () => {
    const retry = (text: string) =>
      config({ file: `${client()}\n[connection]\nmax_retry_interval = "${text}"\n` }).connection.maxRetryIntervalMs
    expect([retry('999ms'), retry('1s'), retry('20s')]).toEqual([300_000, 1000, 20_000])
  })

  test('measuring more often than once a minute is not done', () => {
    const measuring = (text: string) =>
      config({ file: `${client()}\n[monitoring]\ninterval = ${text}\n` }).monitoring.intervalMs
    expect([measuring('60'), measuring('"2m"')]).toEqual([60_000, 120_000])
  })
})

test('labels and aliases are taken in lower case; aliases may have encodings', () => {
  const file = `${client('labels = { City = "Cologne" }')}\n[interpreter-aliases]\nMyBash = "/bin/bash"\none = ["/x", "utf-8"]\ntwo = ["/y", "a", "b"]\n`
  const { identity, interpreterAliases } = config({ file })
  expect(identity.labels).toEqual({ city: 'Cologne' })
  expect(interpreterAliases).toEqual({
    mybash: { path: '/bin/bash', inputEncoding: undefined, outputEncoding: undefined },
    one: { path: '/x', inputEncoding: 'utf-8', outputEncoding: 'utf-8' },
    two: { path: '/y', inputEncoding: 'a', outputEncoding: 'b' },
  })
})

test('headers keep commas on the command line and hide their values', () => {
  const { headers } = config({ argv: ['--header', 'X-List: a, b', '--header', 'X: y:z', 'srv'] }).connection
  expect(headers.map(({ name, value }) => [name, value.reveal()])).toEqual([
    ['X-List', 'a, b'],
    ['X', 'y:z'],
  ])
  expect(JSON.stringify(headers)).not.toContain('y:z')
})

test('a target by name is not judged before it is dialled', () => {
  const file = client('remotes = ["example.com:22"]', 'tunnel_allowed = ["10.0.0.0/8"]')
  expect(config({ file }).tunnels.remotes).toHaveLength(1)
})

describe('example files', () => {
  const original = readFileSync(join(import.meta.dirname, 'fixtures/original.conf'), 'utf8')
  const example = renderExample(agentProgram)

  test("the original's starts, its dead keys are reported", () => {
    const ignored = ready({ file: original }).notices.filter(({ message }) => message === 'a setting is ignored')
    expect(ignored.map(({ fields }) => fields['setting'])).toEqual([
      '[monitoring] pm_enable_kerneltask_monitoring',
      '[monitoring] pm_max_number_monitored_processes',
    ])
  })

  test('ours starts unchanged, and with everything switched on', () => {
    expect(ready({ file: example }).notices).toEqual([])
    const all = example.replaceAll(/^#(?!#)/gm, '').replace(/^hostheader.*$/m, '')
    expect(load({ file: all }).kind).toBe('ready')
  })

  test.each(['server', 'auth', 'fingerprint'])('an installer that replaces #*%s = finds one line in ours', (key) => {
    const pattern = new RegExp(`#*\\b${key} = .*`, 'g')
    expect(example.match(pattern)).toHaveLength(1)
    const value = { server: 'srv:1', auth: 'a:b', fingerprint: 'aa:bb' }[key]
    expect(load({ file: example.replaceAll(pattern, `${key} = "${value}"`) }).kind).toBe('ready')
  })
})

describe('a broken configuration stops the start, with place and fix:', () => {
  test.each([
    ['no server', '[client]\nauth = "a:b"\n', 'server address is required', '[client] server is not set'],
    ['server of another kind', '[client]\nserver = "ftp://x"\n', 'invalid server address: unknown scheme "ftp"', ':2'],
    ['server without host', '[client]\nserver = "http://:80"\n', 'invalid server address: the host is missing', ':2'],
    [
      'server with a port too large',
      '[client]\nserver = "x:99999"\n',
      'invalid server address: "x:99999" is not of the form host:port',
      ':2',
    ],
    ['server with credentials', '[client]\nserver = "http://u:p@x"\n', 'invalid server address: credentials', ':2'],
    ['server with a space', '[client]\nserver = "a b"\n', 'invalid server address', ':2'],
    [
      'fallback',
      client('fallback_servers = ["ok:1", "ftp://x"]'),
      'invalid fallback server address: unknown scheme',
      ':3',
    ],
    ['unknown key', client('fingerprnt = "x"'), 'unknown key fingerprnt in section [client]', ':3'],
    ['key of another section', client('headers = []'), 'unknown key headers', ':3'],
    ['fingerprint of SHA256', client('fingerprint = "SHA256:abc"'), 'fingerprint is no MD5 fingerprint', ':3'],
    ['credential without colon', client('auth = "secret"'), 'auth is no credential: expected <id>:<password>', ':3'],
    ['https proxy', client('proxy = "https://p:1"'), 'https proxies not (yet) supported', ':3'],
    ['proxy that is no URL', client('proxy = "p"'), 'invalid proxy URL', ':3'],
    ['unknown proxy', client('proxy = "socks4://p:1"'), 'unsupported socks proxy type: socks4://', ':3'],
    ['rule', client('tunnel_allowed = ["host.example"]'), 'invalid "tunnel_allowed" config: ', ':3'],
    ['remote without ports', client('remotes = ["abc"]'), 'failed to decode remote "abc": Missing ports', ':3'],
    [
      'remote of five parts',
      client('remotes = ["1:2:3:4:5"]'),
      'failed to decode remote "1:2:3:4:5": Invalid remote',
      ':3',
    ],
    ['empty target in the file', client('remotes = ["2222:"]'), 'failed to decode remote "2222:": Missing ports', ':3'],
    [
      'forbidden remote',
      client('remotes = ["22"]', 'tunnel_allowed = ["10.0.0.0/8"]'),
      'remote "22" is not allowed by "tunnel_allowed" config',
      ':4',
    ],
    ['labels', client('labels = "x"'), 'labels is a text, not a table', ':3'],
    ['empty data folder', client('data_dir = ""'), "'data directory path' cannot be empty", ':3'],
    ['address service', client('ip_api_url = "myip"'), 'ip_api_url is no http or https URL', ':3'],
    ['duration without unit', `${client()}\n[connection]\nkeep_alive = "30"\n`, 'keep_alive is no duration', ':4'],
    [
      'header without colon',
      `${client()}\n[connection]\nheaders = ["oops"]\n`,
      'invalid header "oops". Should be in the format "HeaderName: HeaderContent"',
      ':4',
    ],
    [
      'header with a line end',
      `${client()}\n[connection]\nheaders = ["A: b\\r\\nX: y"]\n`,
      'its value has characters that no header may have',
      ':4',
    ],
    [
      'watchdog without pings',
      `${client()}\n[connection]\nwatchdog_integration = true\nkeep_alive = "0"\n`,
      "watchdog integration requires 'keep_alive > 0'",
      ':4',
    ],
    [
      'watchdog with an end',
      `${client()}\n[connection]\nwatchdog_integration = true\nmax_retry_count = 3\n`,
      "watchdog integration requires 'max_retry_count = -1' (=disabled)",
      ':4',
    ],
    ['log level', `${client()}\n[logging]\nlog_level = "loud"\n`, 'invalid log level: "loud"', ':4'],
    [
      'negative limit',
      `${client()}\n[remote-commands]\nsend_back_limit = -1\n`,
      'remote commands: send back limit can not be negative: -1',
      ':4',
    ],
    ['order', `${client()}\n[remote-commands]\norder = ["allow"]\n`, 'remote commands: invalid order: [allow]', ':4'],
    [
      'scripts without commands',
      `${client()}\n[remote-commands]\nenabled = false\n[remote-scripts]\nenabled = true\n`,
      'remote scripts execution requires remote commands to be enabled',
      ':6',
    ],
    ['card of one part', `${client()}\n[monitoring]\nnet_lan = ["eth0"]\n`, 'network card description illegal', ':4'],
    [
      'card without device',
      `${client()}\n[monitoring]\nnet_lan = ["", "1"]\n`,
      'network card device name missing',
      ':4',
    ],
    ['card without speed', `${client()}\n[monitoring]\nnet_wan = ["a", ""]\n`, 'network card max speed missing', ':4'],
    [
      'card with a word for speed',
      `${client()}\n[monitoring]\nnet_wan = ["a", "fast"]\n`,
      'network card max speed illegal: fast',
      ':4',
    ],
    [
      'card that stands still',
      `${client()}\n[monitoring]\nnet_wan = ["a", "0"]\n`,
      'network card max speed low: 0',
      ':4',
    ],
    [
      'host header without proxy',
      `${client()}\n[tunnels]\nhostheader = "x"\n`,
      'invalid tunnels config: host-header requires enabled reverse-proxy',
      ':4',
    ],
    [
      'alias without path',
      `${client()}\n[interpreter-aliases]\na = []\n`,
      '[interpreter-aliases] a names no path',
      ':4',
    ],
    ['alias of numbers', `${client()}\n[interpreter-aliases]\na = [1]\n`, 'has an entry that is no text', ':4'],
    [
      'alias with three encodings',
      `${client()}\n[interpreter-aliases]\na = ["p", "x", "y", "z"]\n`,
      'more than a path and two encodings',
      ':4',
    ],
  ])('%s', (_, file, message, place) => {
    const text = refusal({ file })
    expect(text).toContain(message)
    expect(text).toContain(place.startsWith(':') ? `rport.conf${place}` : place)
    expect(text).toContain('Fix: ')
  })

  test('what is wrong on the command line is said so', () => {
    expect(refusal({ argv: ['ftp://x'] })).toContain('command line = "ftp://x"')
    expect(refusal({ argv: ['srv', 'abc'] })).toContain('failed to decode remote "abc": Missing ports')
    expect(refusal({ argv: ['-c', 'x', 'doctor'] })).toBe(
      'Error: the command comes first: rport doctor …. See rport --help\n',
    )
    expect(refusal({ argv: ['--fingerprnt', 'x'] })).toBe(
      'Error: unknown flag: --fingerprnt. Did you mean --fingerprint? See rport --help\n',
    )
  })

  test('secrets stay hidden', () => {
    const file = `${client('auth = "s-1"', 'proxy = "https://u:s-2@p"')}\n[connection]\nheaders = ["A: s-3", "B"]\n`
    const text = refusal({ file })
    expect(text.match(/invalid config: /g)).toHaveLength(3)
    expect(text).not.toMatch(/s-\d/)
  })
})

test('settings that are planned warn once each, with their line', () => {
  const { notices } = ready({ file: `${client('updates_interval = "1h"')}\n[interpreter-aliases]\nx = "/y"\n` })
  expect(notices.map(({ level, fields }) => [level, fields['setting'], fields['where']])).toEqual([
    ['warn', '[client] updates_interval', 'rport.conf:3'],
    ['warn', '[interpreter-aliases] x', 'rport.conf:5'],
  ])
})

test('an interpreter in the environment is ignored, with the place where it belongs', () => {
  const env = { RPORT_INTERPRETER_ALIASES_PWSH7: '/usr/bin/pwsh', RPORT_INTERPRETER_ALIASES_OLD: '' }
  expect(ready({ file: client(), env }).notices).toEqual([
    {
      level: 'warn',
      message: 'an environment variable is ignored',
      fields: {
        variable: 'RPORT_INTERPRETER_ALIASES_PWSH7',
        fix: 'write name = value below [interpreter-aliases] in the configuration file',
      },
    },
  ])
})
