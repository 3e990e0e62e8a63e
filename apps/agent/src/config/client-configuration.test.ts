import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toClientConfiguration } from './client-configuration.ts'
import { loadAgentConfig } from './load-agent-config.ts'

function report(file: string) {
  const readFile = () => file
  const loaded = loadAgentConfig({ argv: [], env: {}, cwd: '/', readFile, interactive: false, platform: 'linux' })
  if (loaded.kind !== 'ready') throw new Error(JSON.stringify(loaded))
  return toClientConfiguration(loaded.config)
}

/** Kinds of values, as deep as they go: what a server that checks types would look at. */
function shapeOf(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return typeof value
  if (Array.isArray(value)) return value.map(shapeOf)
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shapeOf(child)]))
}

test('has the keys of the original in its order, durations in nanoseconds, nothing set as null', () => {
  const configuration = report('[client]\nserver = "srv:8080"\nauth = "agents:pw"\nremotes = ["2222:22"]\n')
  expect(Object.keys(configuration)).toEqual([
    'client',
    'connection',
    'logging',
    'remote_commands',
    'remote_scripts',
    'monitoring',
    'file_reception',
    'interpreter_aliases',
    'interpreter_aliases_encodings',
  ])
  expect(configuration['client']).toMatchObject({
    server: 'ws://srv:8080',
    fallback_servers: [],
    server_switchback_interval: 120_000_000_000,
    tags: [],
    labels: null,
    remotes: ['2222:22'],
    updates_interval: 14_400_000_000_000,
    ip_refresh_min: 30,
    proxy_url: null,
    tunnels: [{ lhost: '0.0.0.0', lport: '2222', rhost: '127.0.0.1', rport: '22', protocol: 'tcp' }],
    auth_user: 'agents',
  })
  expect(configuration['connection']).toMatchObject({ keep_alive: 180_000_000_000, max_retry_count: -1, headers: [] })
  expect(configuration['logging']).toEqual({ log_file: { File: null }, log_level: 1 })
  expect(configuration['remote_commands']).toMatchObject({ allow_regexp: null, deny_regexp: null })
})

test('has values of the same kinds as that of a Go agent', () => {
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/go-agent.json'), 'utf8'))
  const configuration = report(
    `[client]
server = "127.0.0.1:8080"
fingerprint = "5d:b3:ee"
auth = "clientAuth1:1234"
id = "golden-agent"
name = "golden"
tags = ["t1", "t2"]
labels = { city = "Cologne" }
remotes = ["38522:127.0.0.1:8000"]
allow_root = true
[connection]
keep_alive = "20s"
[logging]
log_file = "/x"
log_level = "debug"
[remote-commands]
allow = [".*"]
deny = []
[remote-scripts]
enabled = true
`,
  )
  // compat: how the original writes its expressions depends on how it was built; null is taken by all servers.
  Object.assign(recorded.remote_commands, { allow_regexp: null, deny_regexp: null })
  // compat: this one was started by flags alone; with a file the list is empty instead of null.
  Object.assign(recorded.client, { fallback_servers: [] })
  Object.assign(recorded.connection, { headers: [] })
  Object.assign(recorded.monitoring, { fs_path_exclude: [], net_lan: [], net_wan: [] })
  expect(shapeOf(configuration)).toEqual(shapeOf(recorded))
})

test('reports no list of fallback servers when there was no file', () => {
  const readFile = () => {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  }
  const loaded = loadAgentConfig({ argv: ['srv'], env: {}, cwd: '/', readFile, interactive: true, platform: 'linux' })
  const configuration = loaded.kind === 'ready' ? toClientConfiguration(loaded.config) : {}
  expect(configuration['client']).toMatchObject({ fallback_servers: null })
})

test('has no secret in it', () => {
  const file = `[client]
server = "srv"
auth = "agents:s-1"
proxy = "http://user:s-2@proxy.example.com:3128"
ip_api_url = "https://u:s-3@ip.example.com"
[connection]
headers = ["Authorization: Basic s-4", "X-Api-Key: s-5"]
`
  const text = JSON.stringify(report(file))
  expect(text).not.toMatch(/s-\d/)
  expect(text).toContain('proxy.example.com')
})

test('tells cards, aliases and encodings', () => {
  const configuration = report(
    '[client]\nserver = "s"\n[monitoring]\nnet_lan = ["eth0", 1000]\n[interpreter-aliases]\na = "/a"\nb = ["/b", "cp437"]\n',
  )
  expect(configuration['monitoring']).toMatchObject({
    net_lan: ['eth0', '1000'],
    lan_card: { name: 'eth0', max_speed: 1000 },
    wan_card: null,
  })
  expect(configuration['interpreter_aliases']).toEqual({ a: '/a', b: '/b' })
  expect(configuration['interpreter_aliases_encodings']).toEqual({
    b: { input_encoding: 'cp437', output_encoding: 'cp437' },
  })
})
