import { expect, test } from 'vitest'
import { nearest } from './suggest.ts'

const KEYS = ['key_seed', 'used_ports', 'auth', 'auth_file', 'max_failed_login', 'data_dir']

test.each([
  ['key_sed', 'key_seed'],
  ['kye_seed', 'key_seed'],
  ['max_failed_logins', 'max_failed_login'],
  ['data-dir', 'data_dir'],
  ['DataDir', 'data_dir'],
  ['authfile', 'auth_file'],
  ['atuh', 'auth'],
])('%s is near %s', (word, expected) => expect(nearest(word, KEYS)).toBe(expected))

test('a word that is near to none is not explained by force', () => {
  expect(nearest('colour', KEYS)).toBeUndefined()
  expect(nearest('x', KEYS)).toBeUndefined()
  expect(nearest('key_seed'.repeat(100), KEYS)).toBeUndefined()
})
