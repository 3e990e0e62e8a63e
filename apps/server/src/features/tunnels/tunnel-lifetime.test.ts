import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { startTunnelLifetime } from './tunnel-lifetime.ts'

const MINUTE = 60_000

function watch(idleTimeoutMs: number, autoCloseMs: number) {
  const clock = createFakeClock()
  const activity = { openConnections: 0, idleSinceAt: clock.monotonic() }
  const ends: string[] = []
  const lifetime = startTunnelLifetime({
    clock,
    idleTimeoutMs,
    autoCloseMs,
    activity,
    onEnd: (reason) => ends.push(`${reason} after ${clock.monotonic() / MINUTE} min`),
  })
  return { clock, activity, ends, lifetime }
}

test('a tunnel that nobody visits ends after the idle timeout', async () => {
  const { clock, ends } = watch(5 * MINUTE, 0)
  await clock.advance(5 * MINUTE - 1)
  expect(ends).toEqual([])
  await clock.advance(1)
  expect(ends).toEqual(['idle after 5 min'])
  expect(clock.pending).toBe(0)
})

test('the idle time counts from the moment the last visitor left, to the millisecond', async () => {
  const { clock, activity, ends } = watch(5 * MINUTE, 0)
  await clock.advance(MINUTE)
  activity.openConnections = 1
  await clock.advance(22 * MINUTE)
  expect(ends).toEqual([])
  activity.openConnections = 0
  activity.idleSinceAt = clock.monotonic()
  await clock.advance(60 * MINUTE)
  expect(ends).toEqual(['idle after 28 min'])
})

test('auto close ends a tunnel that is in use', async () => {
  const { clock, activity, ends } = watch(0, 90 * MINUTE)
  activity.openConnections = 3
  await clock.advance(100 * MINUTE)
  expect(ends).toEqual(['auto-close after 90 min'])
})

test('whichever comes first ends the tunnel, and only once', async () => {
  const { clock, ends } = watch(5 * MINUTE, 3 * MINUTE)
  await clock.advance(60 * MINUTE)
  expect(ends).toEqual(['auto-close after 3 min'])
})

test('without limits, or after stop, no timer runs', () => {
  expect(watch(0, 0).clock.pending).toBe(0)
  const stopped = watch(MINUTE, MINUTE)
  stopped.lifetime.stop()
  expect(stopped.clock.pending).toBe(0)
})
