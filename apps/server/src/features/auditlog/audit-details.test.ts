import { Secret } from '@rport/kit'
import { expect, it } from 'vitest'
import { auditText, detailsText } from './audit-details.ts'
import { toEntry } from './audit-event.ts'

it('masks secrets wherever they are, and leaves empty ones empty', () => {
  const body = { username: 'ada', password: 's3cret', old_password: '', list: [{ token: 't0ken', 'api-key': 5 }] }
  expect(JSON.parse(detailsText(body))).toEqual({
    username: 'ada',
    password: '********',
    old_password: '',
    list: [{ token: '********', 'api-key': '********' }],
  })
})

it('masks secrets by their type, too', () => {
  expect(detailsText({ note: new Secret('s3cret') })).toBe('{"note":"********"}')
})

it('leaves facts about secrets alone', () => {
  expect(detailsText({ password_expired: true, token: null, password: false })).toBe(
    '{"password_expired":true,"token":null,"password":false}',
  )
})

it('has no text for nothing', () => {
  expect(detailsText(undefined)).toBe('')
  expect(detailsText(null)).toBe('null')
})

it('cuts what is too long or too deep', () => {
  const long = JSON.parse(detailsText({ output: 'x'.repeat(100_000) }))
  expect(long).toMatchObject({ truncated: true, length: 100_013 })
  expect(long.start).toHaveLength(2000)
  let deep: unknown = 'end'
  for (let level = 0; level < 100; level += 1) deep = { deep }
  expect(detailsText(deep)).not.toContain('end')
  expect(auditText('x'.repeat(5000))).toHaveLength(501)
})

it('hides the last part of IPv4 addresses when told to', () => {
  const entry = (address: string) =>
    toEntry({ application: 'a', action: 'b', address }, { hostnameOf: () => '', obfuscateAddresses: true }).remote_ip
  expect(entry('192.0.2.77')).toBe('192.0.2.x')
  expect(entry('2001:db8::1')).toBe('2001:db8::1')
})
