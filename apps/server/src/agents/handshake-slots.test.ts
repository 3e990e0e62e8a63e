import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createHandshakeSlots } from './handshake-slots.ts'

const setUp = (options: { slots?: number; maxPending?: number } = {}) => {
  const clock = createFakeClock()
  const slots = createHandshakeSlots({ slots: 1, slotMs: 5, maxPending: 100, ...options, clock })
  const entered: number[] = []
  const enter = async (number: number) => {
    const leave = await slots.enter()
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
  const leave = await slots.enter()
  expect(await slots.enter()).toBeUndefined()
  leave?.()
  expect(slots.pending).toBe(0)
  expect(await slots.enter()).toBeTypeOf('function')
})
