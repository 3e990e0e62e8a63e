import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

interface InstallState {
  isInstalled(root: string): boolean
  manifestPaths(root: string): string[]
  markInstalled(root: string): void
}
const { isInstalled, manifestPaths, markInstalled } = createRequire(import.meta.url)(
  './install-state.cjs',
) as InstallState

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rport-install-'))
  for (const folder of ['node_modules', 'packages/kit', 'apps/server', 'apps/empty'])
    mkdirSync(join(root, folder), { recursive: true })
  write('package.json', { workspaces: ['packages/*', 'apps/*', 'bench'] })
  write('package-lock.json', { lockfileVersion: 3 })
  write('packages/kit/package.json', { name: 'kit' })
  write('apps/server/package.json', { name: 'server' })
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (path: string, value: unknown) => writeFileSync(join(root, path), JSON.stringify(value))

test('all manifests of the workspaces count, folders without one do not', () => {
  expect(manifestPaths(root)).toEqual(['package.json', 'apps/server/package.json', 'packages/kit/package.json'])
})

test('an install is needed once', () => {
  expect(isInstalled(root)).toBe(false)
  markInstalled(root)
  expect(isInstalled(root)).toBe(true)
})

test.each([
  [
    'a dependency of a workspace changes',
    () => write('packages/kit/package.json', { name: 'kit', dependencies: { a: '1' } }),
  ],
  ['the lock file changes', () => write('package-lock.json', { lockfileVersion: 4 })],
  ['a workspace is added', () => write('apps/empty/package.json', { name: 'new' })],
  ['node_modules is removed', () => rmSync(join(root, 'node_modules'), { recursive: true })],
])('an install is needed again when %s', (_case, change) => {
  markInstalled(root)
  change()
  expect(isInstalled(root)).toBe(false)
})
