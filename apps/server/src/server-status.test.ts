import { expect, it } from 'vitest'
import { loadServerConfig } from './config/index.ts'
import { toServerStatus } from './server-status.ts'

const loaded = loadServerConfig({ argv: [], env: {}, cwd: '/', readFile: () => '', cpuCount: 1 })

function statusWith(users?: string, clientAuths?: string) {
  if (loaded.kind !== 'ready') throw new Error('the settings are not ready')
  return toServerStatus({
    config: loaded.config,
    users: { source: 'File', groupPermissionsEnabled: false, problem: () => users },
    clientAuths: { source: 'File', mode: 'Read Write', problem: () => clientAuths },
    registry: { count: () => ({ connected: 1, disconnected: 2 }) },
    fingerprint: 'aa:bb',
  })
}

it('has warnings while something is wrong, and otherwise no field that the original does not have', () => {
  expect(statusWith()).not.toHaveProperty('warnings')
  expect(statusWith('users!').warnings).toEqual(['users!'])
  expect(statusWith('users!', 'agents!').warnings).toEqual(['users!', 'agents!'])
})
