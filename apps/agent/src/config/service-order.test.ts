import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { loadAgentConfig } from './load-agent-config.ts'

const FILES: Record<string, string> = {
  '/etc/rport/rport.conf': '[client]\nserver = "rport.example.com"\n',
  '/home/ada/broken.conf': '[client]\nfallback_servers = []\n',
}
const load = (...argv: string[]) =>
  loadAgentConfig({
    argv,
    env: {},
    cwd: '/home/ada',
    readFile(path) {
      const text = FILES[posix.normalize(path)]
      if (text === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
      return text
    },
    interactive: true,
    platform: 'linux',
  })

test('--service install takes checked settings, by their absolute path, and the usual user', () => {
  const order = { action: 'install', configFile: '/etc/rport/rport.conf', user: 'rport' }
  expect(load('--service', 'install', '-c', '../../etc/rport/rport.conf')).toEqual({ kind: 'service', order })
  expect(load('--service=install', '--service-user', 'remote', '-c', '/etc/rport/rport.conf')).toMatchObject({
    order: { user: 'remote' },
  })
})

test('--service install refuses settings with which the service would not start', () => {
  expect(load('--service', 'install', '-c', 'broken.conf')).toMatchObject({
    faults: [{ message: 'server address is required' }],
  })
})

test('the other actions need no settings', () => {
  expect(load('--service', 'stop')).toMatchObject({ order: { action: 'stop', configFile: undefined } })
})

test.each([
  [['--service', 'restart'], 'Unknown service command'],
  [['--service', 'print', '--service-user', 'ada\nExecStartPre=/bin/sh'], /is no user name$/],
])('%j is refused', (argv, message) => {
  expect(load(...argv)).toMatchObject({
    kind: 'faults',
    faults: [{ kind: 'usage', message: message instanceof RegExp ? expect.stringMatching(message) : message }],
  })
})
