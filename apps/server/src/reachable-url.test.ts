import { expect, test } from 'vitest'
import { toReachableUrl } from './reachable-url.ts'

const card = (address: string, internal: boolean) => ({ address, internal, family: 'IPv4' }) as never

test('an address of this machine stands for every address', () => {
  const interfaces = { lo: [card('127.0.0.1', true)], eth0: [card('192.0.2.7', false)] }
  expect(toReachableUrl('http://0.0.0.0:8080', interfaces)).toBe('http://192.0.2.7:8080')
  expect(toReachableUrl('http://[::]:8080', interfaces)).toBe('http://192.0.2.7:8080')
})

test('a machine without network is reached on loopback', () => {
  expect(toReachableUrl('http://0.0.0.0:80', { lo: [card('127.0.0.1', true)] })).toBe('http://127.0.0.1:80')
})

test('a name that somebody chose stays', () => {
  expect(toReachableUrl('https://rport.example.com', {})).toBe('https://rport.example.com')
})
