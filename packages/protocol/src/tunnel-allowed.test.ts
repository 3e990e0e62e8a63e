import { describe, expect, test } from 'vitest'
import { isTargetAllowed, parseTunnelAllowed, TunnelAllowedError } from './tunnel-allowed.ts'

const allows = (list: string[], addresses: string[], port: number) =>
  isTargetAllowed(parseTunnelAllowed(list), addresses, port)

describe('tunnel_allowed', () => {
  test.each([
    [['10.0.0.5'], '10.0.0.5', 99, true],
    [['10.0.0.5'], '10.0.0.6', 99, false],
    [['10.0.0.0/8'], '10.9.9.9', 1, true],
    [['10.0.0.5:22'], '10.0.0.5', 22, true],
    [['10.0.0.5:22'], '10.0.0.5', 23, false],
    [['10.0.0.0/8:443'], '10.1.1.1', 443, true],
    [['10.0.0.0/8:443'], '11.1.1.1', 443, false],
    [[':22'], '203.0.113.9', 22, true],
    [['22'], '203.0.113.9', 22, true],
    [['22'], '203.0.113.9', 80, false],
    [['10.0.0.5:'], '10.0.0.5', 80, true],
    [['192.0.2.1', ':80'], '203.0.113.9', 80, true],
    [['22'], '::1', 22, true],
    [['[::1]'], '::1', 5, true],
    [['[::1]:22'], '::1', 22, true],
    [['[::1]:22'], '::1', 23, false],
    [['[2001:db8::]/32:443'], '2001:db8:5::1', 443, true],
    [['[2001:db8::/32]:443'], '2001:db8:5::1', 443, true],
    [['2001:db8::/32'], '2001:db8:5::1', 1, true],
    [['2001:db8::/32'], '2001:db9::1', 1, false],
    [['10.0.0.0/8'], '::ffff:10.0.0.1', 1, true],
  ])('%j and %s port %d: %s', (list, address, port, expected) => {
    expect(allows(list, [address], port)).toBe(expected)
  })

  test('that is empty allows everything', () => {
    expect(allows([], ['203.0.113.9'], 1)).toBe(true)
  })

  test('holds for each address that a name was resolved to', () => {
    expect(allows(['127.0.0.1', '10.0.0.0/8'], ['127.0.0.1', '10.0.0.1'], 22)).toBe(true)
    expect(allows(['127.0.0.1', '10.0.0.0/8'], ['127.0.0.1', '203.0.113.9'], 22)).toBe(false)
  })

  test('refuses a target that has no address, or one that cannot be read', () => {
    expect(allows(['22'], [], 22)).toBe(false)
    expect(allows(['22'], ['nonsense'], 22)).toBe(false)
  })

  test.each([
    ['', 'empty value not allowed: ""'],
    [':', 'empty value not allowed: ":"'],
    ['abc:22', 'invalid ip range: "abc"'],
    ['abc:', 'invalid ip range: "abc"'],
    ['10.0.0.0/40:22', 'invalid ip range: "10.0.0.0/40"'],
    ['abc', 'invalid port: "abc"'],
    ['10.0.0.1:x', 'invalid port: "x"'],
    ['10.0.0.1:70000', 'invalid port: "70000"'],
    ['0', 'invalid port: "0"'],
    ['1:2:3', 'invalid value: "1:2:3"'],
    ['fd00::1', 'invalid value: "fd00::1": write an IPv6 address in brackets, as in "[fd00::1]"'],
    ['[::g]:22', 'invalid ip range: "::g"'],
    ['[10.0.0.1]:22', 'invalid ip range: "10.0.0.1"'],
    ['[::1]:x', 'invalid port: "x"'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseTunnelAllowed(['127.0.0.1', text])).toThrow(new TunnelAllowedError(1, message))
  })

  test('has a bounded number of entries', () => {
    expect(() => parseTunnelAllowed(Array.from({ length: 1001 }, () => '22'))).toThrow('use at most 1000')
  })
})
