import { describe, expect, test } from 'vitest'
import { aclAllows, parseTunnelAcl, TunnelAclError } from './tunnel-acl.ts'

describe('a tunnel ACL', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1,198.51.100.0/24', '198.51.100.77', true],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['2001:db8::/32', '2001:db8:1::5', true],
    ['2001:db8::/32', '2001:db9::5', false],
    ['fe80::1', 'fe80::1%eth0', true],
    ['192.0.2.0/24', '2001:db8::1', false],
    ['192.0.2.1', 'nonsense', false],
    ['192.0.2.1', '', false],
  ])('%s against visitor %s: %s', (text, visitor, expected) => {
    expect(aclAllows(parseTunnelAcl(text), visitor)).toBe(expected)
  })

  test.each(['', null])('that is %j lets everybody in', (text) => {
    expect(parseTunnelAcl(text)).toBeUndefined()
    expect(aclAllows(undefined, '203.0.113.1')).toBe(true)
  })

  test.each([
    ['1.2.3', 'invalid IP addr: 1.2.3'],
    ['nonsense', 'invalid IP addr: nonsense'],
    ['192.0.2.1, 192.0.2.2', 'invalid IP addr:  192.0.2.2'],
    ['192.0.2.1,', 'invalid IP addr: '],
    ['10.0.0.0/33', 'invalid CIDR address: 10.0.0.0/33'],
    ['0.0.0.0', "0.0.0.0 would allow access to everyone. If that's what you want, do not set the ACL"],
    ['0.0.0.0/0', "0.0.0.0 would allow access to everyone. If that's what you want, do not set the ACL"],
    ['10.0.0.1,0.0.0.0/8', "0.0.0.0 would allow access to everyone. If that's what you want, do not set the ACL"],
    ['::', ":: would allow access to everyone. If that's what you want, do not set the ACL"],
    ['::/0', ":: would allow access to everyone. If that's what you want, do not set the ACL"],
    ['10.0.0.1/0', "10.0.0.1/0 would allow access to everyone. If that's what you want, do not set the ACL"],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseTunnelAcl(text)).toThrow(new TunnelAclError(message))
  })

  test('has a bounded number of entries', () => {
    const entries = (count: number) => Array.from({ length: count }, () => '192.0.2.1').join(',')
    expect(parseTunnelAcl(entries(500))?.networks).toHaveLength(500)
    expect(() => parseTunnelAcl(entries(501))).toThrow('too many entries: use at most 500')
  })
})
