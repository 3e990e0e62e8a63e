import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callerAddress } from './forwarded.ts'
import { type IpNetwork, parseIpNetwork } from './ip.ts'

const networks = (...texts: string[]): IpNetwork[] => texts.map((text) => parseIpNetwork(text)!)
const trusted = networks('127.0.0.0/8', '::1', '10.0.0.0/8')

describe('callerAddress', () => {
  test('a stranger cannot choose his address', () => {
    expect(callerAddress('203.0.113.9', '198.51.100.1', trusted)).toBe('203.0.113.9')
  })

  test('a trusted proxy names the caller', () => {
    expect(callerAddress('127.0.0.1', '203.0.113.20', trusted)).toBe('203.0.113.20')
  })

  test('several trusted proxies are looked through', () => {
    expect(callerAddress('::1', '203.0.113.20, 10.0.0.7, 10.0.0.1', trusted)).toBe('203.0.113.20')
  })

  test('what a caller wrote into the header himself is ignored', () => {
    expect(callerAddress('10.0.0.1', '8.8.8.8, 203.0.113.20', trusted)).toBe('203.0.113.20')
  })

  test('without the header the proxy itself is the caller', () => {
    expect(callerAddress('10.0.0.1', undefined, trusted)).toBe('10.0.0.1')
    expect(callerAddress('10.0.0.1', '', trusted)).toBe('10.0.0.1')
  })

  test('when every hop is trusted, the first one is the caller', () => {
    expect(callerAddress('127.0.0.1', '10.0.0.9, 10.0.0.8', trusted)).toBe('10.0.0.9')
  })

  test('an entry that is no address ends the walk at the last hop that is one', () => {
    expect(callerAddress('127.0.0.1', '203.0.113.20, unknown, 10.0.0.1', trusted)).toBe('10.0.0.1')
  })

  test('ports and brackets are understood', () => {
    expect(callerAddress('127.0.0.1', '203.0.113.20:4711', trusted)).toBe('203.0.113.20')
    expect(callerAddress('127.0.0.1', '[2001:db8::1]:443', trusted)).toBe('2001:db8::1')
    expect(callerAddress('127.0.0.1', '[2001:db8::2]', trusted)).toBe('2001:db8::2')
  })

  test('an IPv4 peer on an IPv6 socket is an IPv4 peer', () => {
    expect(callerAddress('::ffff:127.0.0.1', '203.0.113.20', trusted)).toBe('203.0.113.20')
    expect(callerAddress('::ffff:203.0.113.5', '1.2.3.4', trusted)).toBe('203.0.113.5')
  })

  test('a peer without address stays as it is', () => {
    expect(callerAddress('', '203.0.113.20', trusted)).toBe('')
  })

  test('no header from anyone changes the address of an untrusted peer', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(callerAddress('203.0.113.9', header, trusted)).toBe('203.0.113.9')
      }),
    )
  })
})
