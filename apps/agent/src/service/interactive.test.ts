import { expect, test } from 'vitest'
import { isInteractive } from './interactive.ts'

const on = (parentPid: number, files: Record<string, string>, platform = 'linux') =>
  isInteractive({
    platform,
    parentPid,
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw new Error(`ENOENT ${path}`)
      return text
    },
  })

test('a shell as parent means a person', () => {
  expect(on(4711, { '/proc/4711/comm': 'bash\n' })).toBe(true)
  expect(on(4711, {})).toBe(true)
})

test('systemd and process 1 as parent mean a service', () => {
  expect(on(1, {})).toBe(false)
  expect(on(815, { '/proc/815/comm': 'systemd\n' })).toBe(false)
  expect(on(1, {}, 'darwin')).toBe(false)
})

test('a container has no service manager', () => {
  expect(on(1, { '/proc/1/cgroup': '0::/docker/abc' })).toBe(true)
})
