import { TransportError, type TransportErrorCode } from '@rport/transport'
import { expect, test } from 'vitest'
import { explain } from './explain.ts'
import { RegistrationRefused } from './registration.ts'

test.each<[TransportErrorCode, string]>([
  ['auth-refused', 'client.auth'],
  ['fingerprint-mismatch', 'client.fingerprint'],
  ['proxy-refused', 'client.proxy'],
  ['certificate-refused', 'connection.ca_file'],
])('%s names the setting to look at', (code, setting) => {
  const text = explain(new TransportError(code, 'it failed'), { hasCredentials: true })
  expect(text).toMatch(/^it failed\. /)
  expect(text).toContain(setting)
})

test('who has no credentials is told how to give them', () => {
  const error = new TransportError('auth-refused', 'login refused')
  expect(explain(error, { hasCredentials: false })).toContain('--auth ID:PASSWORD')
})

test('the words of a server that refuses this client are passed on', () => {
  expect(explain(new RegistrationRefused('id is in use'), { hasCredentials: true })).toBe(
    'the server refused this client: id is in use',
  )
})
