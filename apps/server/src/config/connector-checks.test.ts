import { formatFaults } from '@rport/config'
import { expect, test } from 'vitest'
import { loadServerConfig } from './load-server-config.ts'
import { serverProgram } from './schema.ts'

const load = (file: string, platform?: string) =>
  loadServerConfig({
    argv: ['-c', 'x.conf'],
    env: {},
    cwd: '/',
    readFile: () => file,
    cpuCount: 4,
    ...(platform && { platform }),
  })

const faultsOf = (file: string, platform?: string) => {
  const loaded = load(file, platform)
  return loaded.kind === 'faults' ? formatFaults(serverProgram, loaded.faults) : ''
}

test('there are no connectors unless somebody wants some', () => {
  expect(load('')).toMatchObject({ kind: 'ready', config: { agents: { connectors: 0 } } })
  expect(load('[server]\nconnectors = 4')).toMatchObject({ kind: 'ready', config: { agents: { connectors: 4 } } })
})

test.each(['-1', '65', '1.5', '"many"'])('%s connectors are refused', (value) => {
  expect(faultsOf(`[server]\nconnectors = ${value}`)).toContain('connectors')
})

test.each(['darwin', 'win32', 'openbsd'])('%s, which shares no ports, has none, and is told what to do', (platform) => {
  const text = faultsOf('[server]\nconnectors = 2', platform)
  expect(text).toContain(`the system (${platform}) does not share a port among processes`)
  expect(text).toContain('remove the line')
  expect(faultsOf('[server]\nconnectors = 0', platform)).toBe('')
})

test('more connectors than processors are taken, with a word', () => {
  const loaded = load('[server]\nconnectors = 5')
  expect(loaded).toMatchObject({
    kind: 'ready',
    notices: [{ level: 'warn', fields: { connectors: '5', processors: '4' } }],
  })
  expect(load('[server]\nconnectors = 4')).toMatchObject({ kind: 'ready', notices: [] })
})
