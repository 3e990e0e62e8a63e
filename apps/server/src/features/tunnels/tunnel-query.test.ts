import { ApiError } from '@rport/api'
import { MS_PER_HOUR, MS_PER_MINUTE } from '@rport/kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readForce, toTunnelRequest } from './tunnel-query.ts'

type Query = Parameters<typeof toTunnelRequest>[0]

const read = (query: Partial<Query>, isProxyConfigured = true) =>
  toTunnelRequest({ remote: '22', ...query }, { isProxyConfigured })

function refusal(query: Partial<Query>, isProxyConfigured = true) {
  try {
    read(query, isProxyConfigured)
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, ...error.entries[0] }
    throw error
  }
  throw new Error('nothing was refused')
}

describe('what is asked for', () => {
  test('a port alone leads from a random port to the client itself, for five idle minutes', () => {
    const { remote, checkPort } = read({})
    expect(remote).toMatchObject({
      protocol: 'tcp',
      listenPort: undefined,
      targetHost: '127.0.0.1',
      targetPort: 22,
      scheme: null,
      acl: null,
      idleTimeoutMs: 5 * MS_PER_MINUTE,
      autoCloseMs: 0,
    })
    expect(checkPort).toBe(true)
  })

  test('all options together', () => {
    const { remote, checkPort } = read({
      local: '21010',
      remote: '127.0.0.1:17402',
      name: 'hold',
      scheme: 'ssh',
      acl: '127.0.0.1,10.1.0.0/16',
      'idle-timeout-minutes': '7',
      'auto-close': '1h30m',
      check_port: '0',
    })
    expect(remote).toMatchObject({
      listenHost: '0.0.0.0',
      listenPort: 21_010,
      targetPort: 17_402,
      name: 'hold',
      scheme: 'ssh',
      acl: '127.0.0.1,10.1.0.0/16',
      idleTimeoutMs: 7 * MS_PER_MINUTE,
      autoCloseMs: 1.5 * MS_PER_HOUR,
    })
    expect(checkPort).toBe(false)
  })

  test('the host of local moves to the target when remote is a port alone', () => {
    const { remote } = read({ local: '127.0.0.1:21011', remote: '17409' })
    expect(remote).toMatchObject({ listenHost: '0.0.0.0', listenPort: 21_011, targetHost: '127.0.0.1' })
  })

  test('IPv6 addresses stand in brackets', () => {
    const { remote } = read({ local: '[::1]:2222', remote: '[2001:db8::1]:80' })
    expect(remote).toMatchObject({ listenHost: '::1', listenPort: 2222, targetHost: '2001:db8::1', targetPort: 80 })
  })

  test.each(['', 'false', 'no', '1'])('check_port=%j still checks', (value) => {
    expect(read({ check_port: value }).checkPort).toBe(true)
  })

  test.each([
    [{ 'skip-idle-timeout': 'true' }, 0],
    [{ 'skip-idle-timeout': 'nonsense' }, 5],
    [{ 'idle-timeout-minutes': '0' }, 0],
    [{ 'idle-timeout-minutes': '10080' }, 10_080],
  ])('%j means an idle timeout of %d minutes', (query, minutes) => {
    expect(read(query).remote.idleTimeoutMs).toBe(minutes * MS_PER_MINUTE)
  })

  test('empty texts are as good as none', () => {
    const { remote } = read({ acl: '', scheme: '', 'auto-close': '', http_proxy: '', local: '', protocol: '' })
    expect(remote).toMatchObject({ acl: null, scheme: null, autoCloseMs: 0, httpProxy: false })
  })
})

describe('refusals, with the recorded texts', () => {
  test.each<[Partial<Query>, string, string?]>([
    [{ remote: 'a:b:c:d' }, 'failed to decode "a:b:c:d": Missing ports'],
    [{ remote: 'localhost' }, 'failed to decode "localhost": Missing ports'],
    [{ remote: '', local: '21012' }, 'failed to decode "21012:": Missing ports'],
    [{ protocol: 'sctp' }, 'failed to decode "22/sctp": Missing ports'],
    [{ remote: '1:2:3:4:5' }, 'failed to decode "1:2:3:4:5": Invalid remote'],
    [{ remote: '0' }, 'failed to decode "0": Invalid port 0 in "0": use a number from 1 to 65535'],
    [{ scheme: 'abcdefghijklmnopq' }, 'Invalid URI scheme.', 'Exceeds the max length.'],
    [{ 'idle-timeout-minutes': '10081' }, 'idle timeoout param should be in range [0,604800000000000]'],
    [{ 'idle-timeout-minutes': '-1' }, 'idle timeoout param should be in range [0,604800000000000]'],
    [{ 'idle-timeout-minutes': 'x' }, 'invalid idle timeout param', '"x" is no whole number of minutes'],
    [{ 'idle-timeout-minutes': '0x10' }, 'invalid idle timeout param', '"0x10" is no whole number of minutes'],
    [
      { 'idle-timeout-minutes': '0', 'skip-idle-timeout': '1' },
      'conflicting parameters idle timeout 0 and skip idle timeout 0, either decide for skipping an idle timeout or provide a non empty timeout value',
    ],
    [
      { 'idle-timeout-minutes': '5', 'skip-idle-timeout': 'true' },
      'conflicting parameters idle timeout 5 and skip idle timeout 5, either decide for skipping an idle timeout or provide a non empty timeout value',
    ],
    [{ 'auto-close': 'abc' }, 'invalid tunnel auto-close format', 'time: invalid duration "abc"'],
    [{ 'auto-close': '-1h' }, 'tunnel auto-close value should be more than 0'],
    [{ 'auto-close': '745h' }, 'tunnel auto-close value should not be more than 744h0m0s'],
    [{ http_proxy: 'maybe' }, 'Invalid http_proxy param: maybe.'],
    [{ http_proxy: 'true' }, 'tunnel proxy not allowed without scheme'],
    [{ http_proxy: 'true', scheme: 'ssh' }, 'tunnel proxy not allowed with scheme ssh'],
    [{ http_proxy: 'true', scheme: 'http', protocol: 'udp' }, 'tunnel proxy not allowed with protcol udp'],
    [{ host_header: 'x' }, 'host_header not allowed when http_proxy is false'],
    [
      { auth_user: 'u', auth_password: 'p' },
      'http basic authentication requires http_proxy to be activated on the requested tunnel',
    ],
    [{ http_proxy: 'true', scheme: 'http', auth_user: 'u' }, 'auth_user requires auth_password'],
    [{ http_proxy: 'true', scheme: 'http', auth_password: 'p' }, 'auth_password requires auth_user'],
    [{ http_proxy: 'true', scheme: 'http' }, 'Tunnels with http_proxy are not supported by this server.'],
    [{ protocol: 'udp' }, 'Tunnels of protocol udp are not supported by this server.'],
    [{ protocol: 'tcp+udp' }, 'Tunnels of protocol tcp+udp are not supported by this server.'],
  ])('%j: %s', (query, title, detail = '') => {
    expect(refusal(query)).toEqual({ status: 400, code: expect.any(String), title, detail })
  })

  test('an ACL that is none has its code', () => {
    expect(refusal({ acl: '1.2.3' })).toMatchObject({
      code: 'ERR_CODE_INVALID_ACL',
      title: 'Invalid ACL: invalid IP addr: 1.2.3',
    })
    expect(refusal({ acl: '0.0.0.0/0' }).title).toBe(
      "Invalid ACL: 0.0.0.0 would allow access to everyone. If that's what you want, do not set the ACL",
    )
  })

  test('without a certificate for the proxy this is said first', () => {
    expect(refusal({ http_proxy: 'true', scheme: 'ssh' }, false).title).toBe('creation of tunnel proxy not enabled')
  })

  test('the first fault in the original’s order is the answer', () => {
    const all = { remote: 'x', scheme: 'x'.repeat(16), host_header: 'x', 'auto-close': 'x', acl: 'x' }
    expect(refusal(all).title).toContain('failed to decode')
    expect(refusal({ ...all, remote: '22' }).title).toBe('Invalid URI scheme.')
    expect(refusal({ ...all, remote: '22', scheme: '' }).title).toContain('host_header')
    expect(refusal({ acl: 'x', 'auto-close': 'x' }).title).toContain('auto-close')
  })
})

test('whatever is sent, the answer is a request or an expected error', () => {
  const keys = ['remote', 'local', 'protocol', 'scheme', 'acl', 'auto-close', 'idle-timeout-minutes', 'http_proxy']
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), fc.string()), (query) => {
      try {
        read(query)
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
      }
    }),
  )
})

test('force is read in Go’s spellings, and nonsense is refused', () => {
  expect([undefined, '', 'f', 'TRUE', '1'].map(readForce)).toEqual([false, false, false, true, true])
  expect(() => readForce('maybe')).toThrow('Invalid force param: maybe.')
})
