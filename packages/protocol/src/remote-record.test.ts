import { describe, expect, test } from 'vitest'
import { parseRemote } from './remote.ts'
import { remoteText, toRemoteRecord, writeRemoteRecord } from './remote-record.ts'

describe('a remote on the wire', () => {
  test('has ports as texts, minutes for its idle timeout and nanoseconds for its life time', () => {
    const record = toRemoteRecord(parseRemote('2222:22'), { idleTimeoutMs: 300_000, autoCloseMs: 1500 })
    expect(JSON.stringify(writeRemoteRecord(record))).toBe(
      '{"name":"","protocol":"tcp","lhost":"0.0.0.0","lport":"2222","lport_random":false,"owner":"","rhost":"127.0.0.1","rport":"22","scheme":null,"acl":null,"idle_timeout_minutes":5,"auto_close":1500000000,"http_proxy":false,"host_header":"","auth_user":"","auth_password":"","tunnel_url":""}',
    )
  })

  test('without a listen port has an empty one', () => {
    expect(writeRemoteRecord(toRemoteRecord(parseRemote('22')))).toMatchObject({ lhost: '', lport: '' })
  })
})

describe('the text by which remotes are compared', () => {
  test.each([
    ['2222:22', null, '0.0.0.0:2222:127.0.0.1:22'],
    ['22', null, '::127.0.0.1:22'],
    ['2222:host:53/udp', null, '0.0.0.0:2222:host:53/udp'],
    ['53/tcp+udp', '192.0.2.1', '::127.0.0.1:53/tcp+udp(acl:192.0.2.1)'],
    ['[2001:db8::1]:22', '', '::[2001:db8::1]:22(acl:)'],
  ])('of %s with ACL %j is %s', (text, acl, expected) => {
    expect(remoteText(toRemoteRecord(parseRemote(text), { acl }))).toBe(expected)
  })
})
