import { MS_PER_MINUTE } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { agentLoginFailedEvent } from './agent-events.ts'
import { toEntry } from './audit-event.ts'
import { createRepeats } from './repeats.ts'

const attempt = (credential: string, address = '192.0.2.1') =>
  toEntry(agentLoginFailedEvent(credential, address), { hostnameOf: () => '', obfuscateAddresses: false })
const open = (limits: { maxOfAddress?: number; maxKinds?: number } = {}) => {
  const clock = createFakeClock()
  return { clock, repeats: createRepeats({ clock, ...limits }) }
}
const countOf = (entry: { response: string }): number => (JSON.parse(entry.response) as { count: number }).count

it('tells addresses and credentials apart', () => {
  const { repeats } = open()
  expect(repeats.take(attempt('a'))).toEqual(attempt('a'))
  expect(repeats.take(attempt('b'))).toEqual(attempt('b'))
  expect(repeats.take(attempt('a', '192.0.2.2'))).toBeDefined()
  expect(repeats.take(attempt('a'))).toBeUndefined()
})

it('has nothing to add to what happened once', async () => {
  const { repeats, clock } = open()
  repeats.take(attempt('a'))
  await clock.advance(10 * MS_PER_MINUTE)
  expect(repeats.due()).toEqual([])
  expect(repeats.take(attempt('a'))).toBeDefined()
})

it('counts the rest of an address that varies what it tries, and leaves room for the others', () => {
  const { repeats } = open({ maxOfAddress: 3 })
  const written = Array.from({ length: 50 }, (_, index) => repeats.take(attempt(`guess-${index}`))).filter(Boolean)
  expect(written).toHaveLength(3)
  expect(repeats.take(attempt('other', '192.0.2.2'))).toBeDefined()
  const [rest, ...none] = repeats.all()
  expect(none).toEqual([])
  expect(rest).toMatchObject({ action: 'login.failed', remote_ip: '192.0.2.1', affected_id: '' })
  expect(rest && countOf(rest)).toBe(47)
})

it('counts addresses of one IPv6 network as one', () => {
  const { repeats } = open({ maxOfAddress: 1 })
  expect(repeats.take(attempt('a', '2001:db8::1'))).toBeDefined()
  expect(repeats.take(attempt('a', '2001:db8::2'))).toBeUndefined()
})

it('loses nobody and stays within its bounds, whatever comes', () => {
  const attempts = fc.array(fc.tuple(fc.nat(30), fc.nat(8)), { maxLength: 400 })
  fc.assert(
    fc.property(attempts, (tried) => {
      const { repeats } = open({ maxOfAddress: 5, maxKinds: 12 })
      const atOnce = tried.filter(([name, host]) => repeats.take(attempt(`c${name}`, `192.0.2.${host}`)))
      const later = repeats.all()
      expect(atOnce.length + later.reduce((sum, entry) => sum + countOf(entry), 0)).toBe(tried.length)
      expect(atOnce.length).toBeLessThanOrEqual(12)
      expect(later.length).toBeLessThanOrEqual(12 + 1)
    }),
  )
})
