import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from './go-json.ts'
import { formatTunnelTarget, parseTunnelTarget } from './tunnel-channel.ts'

describe('the target of a channel', () => {
  test.each([
    ['127.0.0.1:22', { host: '127.0.0.1', port: 22, protocol: 'tcp' }],
    ['host.local:22/tcp', { host: 'host.local', port: 22, protocol: 'tcp' }],
    ['host:53/udp', { host: 'host', port: 53, protocol: 'udp' }],
    ['[2001:db8::1]:22', { host: '2001:db8::1', port: 22, protocol: 'tcp' }],
    ['[fe80::1%eth0]:22/udp', { host: 'fe80::1%eth0', port: 22, protocol: 'udp' }],
  ])('%s', (text, expected) => {
    expect(parseTunnelTarget(text)).toEqual(expected)
    expect(parseTunnelTarget(formatTunnelTarget(parseTunnelTarget(text)))).toEqual(expected)
  })

  test.each([
    '',
    '22',
    'host',
    'host:',
    ':22',
    'host:0',
    'host:65536',
    'host:22/sctp',
    'host:22/',
    'host:22/tcp/udp',
    '::1:22',
    'a b:22',
    '[host]x:22',
  ])('is not %j', (text) => {
    expect(() => parseTunnelTarget(text)).toThrow(DecodeError)
  })

  test('is never made from garbage', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]:/.%0123abctudp\0 \n@'), maxLength: 40 }), (text) => {
        try {
          const target = parseTunnelTarget(text)
          expect(target.host).toMatch(/^[\w.:%-]+$/)
          expect(target.port).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('that is enormous is refused without being shown', () => {
    expect(() => parseTunnelTarget(`${'a'.repeat(60_000)}:22`)).toThrow(/^target: found "a{100}…", expected/)
  })
})
