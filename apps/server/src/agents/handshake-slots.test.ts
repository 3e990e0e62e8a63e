import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createHandshakeSlots, type Origin } from './handshake-slots.ts'

const setUp = (options: { slots?: number; maxPending?: number } = {}) => {
  const clock = createFakeClock()
  const slots = createHandshakeSlots({ slots: 1, slotMs: 5, maxPending: 100, ...options, clock })
  const entered: number[] = []
  const enter = async (number: number, origin: Origin = 'known') => {
    const leave = await slots.enter(origin)
    entered.push(number)
    return leave
  }
  return { clock, slots, entered, enter }
}

test('handshakes are let in one after another, in the order of their arrival', async () => {
  const { entered, enter, clock } = setUp()
  const first = enter(1)
  void enter(2)
  void enter(3)
  await clock.advance(0)
  expect(entered).toEqual([1])
  const leave = await first
  leave?.()
  await clock.advance(0)
  expect(entered).toEqual([1, 2])
})

test('a silent peer loses its slot and holds up nobody for longer', async () => {
  const { entered, enter, clock } = setUp()
  void enter(1)
  void enter(2)
  await clock.advance(4)
  expect(entered).toEqual([1])
  await clock.advance(1)
  expect(entered).toEqual([1, 2])
})

test('a handshake that ends after it lost its slot frees no second one', async () => {
  const { entered, enter, clock } = setUp()
  const first = enter(1)
  void enter(2)
  void enter(3)
  await clock.advance(5)
  const leave = await first
  leave?.()
  leave?.()
  await clock.advance(0)
  expect(entered).toEqual([1, 2])
})

test('those who wait are bounded, and leaving makes room', async () => {
  const { slots } = setUp({ maxPending: 1 })
  const leave = await slots.enter('known')
  expect(await slots.enter('known')).toBeUndefined()
  leave?.()
  expect(slots.pending).toBe(0)
  expect(await slots.enter('known')).toBeTypeOf('function')
})

test('those from known addresses go first, each group in the order of its arrival', async () => {
  const { entered, enter, clock } = setUp()
  void enter(1, 'stranger')
  void enter(2, 'stranger')
  void enter(3, 'stranger')
  void enter(4, 'known')
  void enter(5, 'known')
  for (let turn = 0; turn < 4; turn += 1) await clock.advance(5)
  expect(entered).toEqual([1, 4, 5, 2, 3])
})

test('a storm of known ones lets a stranger in now and then', async () => {
  const { entered, enter, clock } = setUp()
  for (let number = 1; number <= 20; number += 1) void enter(number, 'known')
  void enter(99, 'stranger')
  for (let turn = 0; turn < 10; turn += 1) await clock.advance(5)
  expect(entered).toContain(99)
})

test('strangers cannot fill the place of known ones', async () => {
  const { slots } = setUp({ maxPending: 4 })
  void slots.enter('stranger')
  void slots.enter('stranger')
  expect(await slots.enter('stranger')).toBeUndefined()
  void slots.enter('known')
  void slots.enter('known')
  expect(slots.pending).toBe(4)
  expect(await slots.enter('known')).toBeUndefined()
})
