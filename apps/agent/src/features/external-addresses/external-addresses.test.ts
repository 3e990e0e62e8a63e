import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import type { Capabilities } from '@rport/protocol'
import type { Connection } from '@rport/transport'
import { expect, test } from 'vitest'
import { createExternalAddresses, type ExternalAddressesDeps } from './external-addresses.ts'

const REFRESH_MS = 1_800_000
const capable: Capabilities = { serverVersion: '2', monitoringVersion: 0, ipAddressesVersion: 1, features: [] }

function setUp(more: Partial<ExternalAddressesDeps> = {}) {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const world: Record<4 | 6, string | undefined> = { 4: '203.0.113.9', 6: '2001:db8::9' }
  let questions = 0
  const addresses = createExternalAddresses({
    url: 'http://api.example',
    refreshMs: REFRESH_MS,
    ask: async (_url, family) => {
      questions += 1
      const address = world[family]
      if (address === undefined) throw new Error('ENETUNREACH')
      return address
    },
    clock,
    log,
    ...more,
  })
  const connect = () => {
    const heard: unknown[] = []
    const line = { isClosed: false, notify: (_name: string, payload: string) => void heard.push(JSON.parse(payload)) }
    return { heard, line, connection: line as unknown as Connection }
  }
  return { clock, log, world, addresses, connect, questions: () => questions }
}

test('the server is told once, and again only after a change', async () => {
  const { clock, world, addresses, connect } = setUp()
  const { heard, connection } = connect()
  addresses.onCapabilities(capable, connection)
  await clock.advance(3 * REFRESH_MS)
  expect(heard).toMatchObject([{ ipv4: '203.0.113.9', ipv6: '2001:db8::9', error: '' }])
  world[4] = '203.0.113.10'
  await clock.advance(REFRESH_MS)
  expect(heard).toHaveLength(2)
  addresses.close()
  expect(clock.pending).toBe(0)
})

test('one family is enough', async () => {
  const { clock, world, addresses, connect } = setUp()
  world[6] = undefined
  const { heard, connection } = connect()
  addresses.onCapabilities(capable, connection)
  await clock.advance(0)
  expect(heard).toMatchObject([{ ipv4: '203.0.113.9', ipv6: '' }])
  addresses.close()
})

test('an API that answers nothing is said once, and nothing is told', async () => {
  const { clock, log, world, addresses, connect } = setUp()
  world[4] = undefined
  world[6] = undefined
  const { heard, connection } = connect()
  addresses.onCapabilities(capable, connection)
  await clock.advance(3 * REFRESH_MS)
  expect(heard).toEqual([])
  expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  addresses.close()
})

test('another connection is told anew; one that is gone costs no questions and no timers', async () => {
  const { clock, addresses, connect, questions } = setUp()
  const first = connect()
  addresses.onCapabilities(capable, first.connection)
  await clock.advance(0)
  first.line.isClosed = true
  await clock.advance(10 * REFRESH_MS)
  expect(questions()).toBe(2)
  expect(clock.pending).toBe(0)
  const second = connect()
  addresses.onCapabilities(capable, second.connection)
  await clock.advance(0)
  expect(second.heard).toHaveLength(1)
  addresses.close()
})

test.each([
  ['no URL is set', { url: undefined }, capable],
  ['the refresh time is 0', { refreshMs: 0 }, capable],
  ['the server does not want to know', {}, { ...capable, ipAddressesVersion: 0 }],
])('nobody is asked when %s', async (_, more, capabilities) => {
  const { clock, addresses, connect, questions } = setUp(more)
  addresses.onCapabilities(capabilities, connect().connection)
  await clock.advance(REFRESH_MS)
  expect(questions()).toBe(0)
})
