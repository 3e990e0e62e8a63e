import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { parseIpNetwork } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createNewcomers } from './index.ts'

let nextPort = 1000
const socketFrom = (remoteAddress: string): Socket =>
  Object.assign(new EventEmitter(), { remoteAddress, remotePort: nextPort++ }) as unknown as Socket

function open(maxPerAddress = 2, expectedFrom: (address: string) => number = () => 0) {
  const log = createMemoryLogger()
  const clock = createFakeClock()
  const trustedProxies = ['127.0.0.0/8'].flatMap((text) => parseIpNetwork(text) ?? [])
  return { newcomers: createNewcomers({ maxPerAddress, expectedFrom, trustedProxies, clock, log }), log, clock }
}

test('one address has its share, another one its own', () => {
  const { newcomers } = open()
  expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(true)
  expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(true)
  expect(newcomers.arrived(socketFrom('::ffff:203.0.113.1'))).toBe(false)
  expect(newcomers.arrived(socketFrom('203.0.113.2'))).toBe(true)
})

test('whoever has one IPv6 address has those around it, too: they share', () => {
  const { newcomers } = open()
  expect(newcomers.arrived(socketFrom('2001:db8::1'))).toBe(true)
  expect(newcomers.arrived(socketFrom('2001:db8::2'))).toBe(true)
  expect(newcomers.arrived(socketFrom('2001:db8::3'))).toBe(false)
  expect(newcomers.arrived(socketFrom('2001:db8:0:1::1'))).toBe(true)
})

test('a login and an end make room, each once', () => {
  const { newcomers } = open()
  const [first, second] = [socketFrom('203.0.113.1'), socketFrom('203.0.113.1')]
  newcomers.arrived(first)
  newcomers.arrived(second)
  newcomers.known({ remoteAddress: first.remoteAddress ?? '', remotePort: first.remotePort ?? 0 })
  first.emit('close')
  expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(true)
  expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(false)
  second.emit('close')
  expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(true)
})

test('a trusted proxy may bring as many as it likes; those behind it have their share each', () => {
  const { newcomers } = open()
  for (let count = 0; count < 10; count += 1) expect(newcomers.arrived(socketFrom('127.0.0.1'))).toBe(true)
  const first = newcomers.admit('203.0.113.1')
  newcomers.admit('203.0.113.1')
  expect(newcomers.admit('203.0.113.1')).toBeUndefined()
  first?.()
  first?.()
  expect(newcomers.admit('203.0.113.1')).toBeDefined()
  expect(newcomers.admit('203.0.113.1')).toBeUndefined()
})

test('those who are expected from an address are allowed beyond its share', () => {
  const { newcomers, log } = open(2, (address) => (address === '203.0.113.1' ? 3 : 0))
  for (let count = 0; count < 5; count += 1) expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(true)
  expect(log.lines).toEqual([])
  expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(false)
  for (let count = 0; count < 2; count += 1) expect(newcomers.arrived(socketFrom('203.0.113.2'))).toBe(true)
  expect(newcomers.arrived(socketFrom('203.0.113.2'))).toBe(false)
})

test('0 is no limit', () => {
  const { newcomers } = open(0)
  for (let count = 0; count < 5000; count += 1) expect(newcomers.arrived(socketFrom('203.0.113.1'))).toBe(true)
})

test('however many are refused, the log has one line a minute', async () => {
  const { newcomers, log, clock } = open(1)
  newcomers.admit('203.0.113.1')
  for (let count = 0; count < 1000; count += 1) newcomers.admit('203.0.113.1')
  expect(log.lines).toHaveLength(1)
  await clock.advance(60_000)
  newcomers.admit('203.0.113.1')
  expect(log.lines).toHaveLength(2)
})
