import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, test } from 'vitest'
import { networkContains, parseIp, parseIpNetwork, splitHostPort } from './ip.ts'

const contains = (network: string, address: string) => networkContains(parseIpNetwork(network)!, parseIp(address)!)

describe('parseIp', () => {
  test.each([
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '0x7f.1.1.1',
    '1',
    '',
    'fe80::g',
    ':::',
    'localhost',
    '1.2.3.04a',
    '1.2.3.04',
    '1.2.3.4 ',
  ])('refuses %j', (text) => expect(parseIp(text)).toBeUndefined())

  test('reads IPv4 as it stands', () => {
    expect(parseIp('192.0.2.0')).toEqual({ version: 4, bytes: [192, 0, 2, 0], text: '192.0.2.0' })
  })

  test('reads decimal parts as the library does, and takes no others', () => {
    const parts = fc.array(fc.oneof(fc.nat(300), fc.constantFrom('', '00', '01', '+1', ' 1', '1e1', '٣')), {
      maxLength: 6,
    })
    const texts = fc.oneof(
      fc.ipV4(),
      parts.map((all) => all.join('.')),
      fc.string({ maxLength: 16 }).filter((text) => !text.includes(':')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const expected = ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text).toByteArray() : undefined
        expect(parseIp(text)?.bytes).toEqual(expected)
      }),
    )
  })

  test('takes an IPv4-mapped address for the IPv4 address it carries', () => {
    expect(parseIp('::ffff:10.1.2.3')).toEqual({ version: 4, bytes: [10, 1, 2, 3], text: '10.1.2.3' })
  })

  test('drops the zone of a link-local address', () => {
    expect(parseIp('fe80::1%eth0')?.text).toBe('fe80::1')
  })
})

describe('networks', () => {
  test.each([
    ['10.0.0.0/8', '10.255.1.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.200', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['10.0.0.0/8', '::ffff:10.2.3.4', true],
  ])('%s and %s: %s', (network, address, expected) => {
    expect(contains(network, address)).toBe(expected)
  })

  test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/a', '::/129', '10/8'])('refuses %j', (text) =>
    expect(parseIpNetwork(text)).toBeUndefined(),
  )
})

test('splits host and port, with and without brackets', () => {
  expect(splitHostPort('[::1]:22')).toEqual({ host: '::1', port: 22 })
  expect(splitHostPort('0.0.0.0:8080')).toEqual({ host: '0.0.0.0', port: 8080 })
  expect(splitHostPort(':80')).toEqual({ host: '', port: 80 })
  for (const text of ['80', 'host', 'host:', 'host:99999', '::1:22', 'host:0x10'])
    expect(splitHostPort(text)).toBeUndefined()
})
