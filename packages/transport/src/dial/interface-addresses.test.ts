import { expect, test } from 'vitest'
import { interfaceAddresses } from './interface-addresses.ts'

const v4 = (address: string) => ({ address, family: 'IPv4' as const })
const v6 = (address: string) => ({ address, family: 'IPv6' as const })

test('the first usable address of each family is taken', () => {
  const eth0 = [v4('0.0.0.0'), v6('fe80::1'), v4('10.0.0.5'), v6('2001:db8::1'), v4('10.0.0.6')]
  expect(interfaceAddresses('eth0', { eth0 })).toEqual({ ipv4: '10.0.0.5', ipv6: '2001:db8::1' })
})

test('an interface that is not there is said so', () => {
  expect(() => interfaceAddresses('wwan0', { eth0: [v4('10.0.0.5')] })).toThrow('unable to find wwan0')
})

test('an interface without a usable address is said so', () => {
  expect(() => interfaceAddresses('eth0', { eth0: [v4('0.0.0.0'), v6('::'), v6('febf::2')] })).toThrow(
    'no address found for eth0',
  )
})
