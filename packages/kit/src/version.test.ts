import { expect, test } from 'vitest'
import { isVersionAtLeast, parseVersion, version } from './version.ts'

test('our own version is parsable and new enough for servers that switch features by it', () => {
  expect(parseVersion(version)?.numbers).toHaveLength(3)
  expect(isVersionAtLeast(version, '0.6.4')).toBe(true)
})

test.each([
  ['0.6.4', '0.6.4', true],
  ['0.10.0', '0.6.4', true],
  ['0.6.3', '0.6.4', false],
  ['0.0.0-src', '0.6.4', false],
  ['0.6.4-rc1', '0.6.4', false],
  ['nonsense', '0.6.4', false],
])('%s at least %s: %s', (text, minimum, expected) => {
  expect(isVersionAtLeast(text, minimum)).toBe(expected)
})
