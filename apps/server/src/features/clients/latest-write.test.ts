import { expect, test } from 'vitest'
import { createLatestWrite } from './latest-write.ts'

function setUp() {
  const began: string[] = []
  const gates: PromiseWithResolvers<void>[] = []
  const write = createLatestWrite((key) => {
    began.push(key)
    const gate = Promise.withResolvers<void>()
    gates.push(gate)
    return gate.promise
  })
  return { write, began, gates }
}

test('however often a thing changes while it is written, it is written once more', async () => {
  const { write, began, gates } = setUp()
  const first = write('a')
  const later = Promise.all([write('a'), write('a'), write('a')])
  expect(began).toEqual(['a'])
  gates[0]?.resolve()
  await first
  await expect.poll(() => began).toEqual(['a', 'a'])
  gates[1]?.resolve()
  await later
  expect(began).toEqual(['a', 'a'])
})

test('what was to be written with one of the wishes goes with the write that they share', async () => {
  const written: (readonly number[])[] = []
  const gate = Promise.withResolvers<void>()
  const write = createLatestWrite<number>(async (_key, extras) => {
    written.push(extras)
    await gate.promise
  })
  const all = Promise.all([write('a', 1), write('a', 2), write('a'), write('a', 3)])
  gate.resolve()
  await all
  expect(written).toEqual([[1], [2, 3]])
})

test('things do not wait for each other', () => {
  const { write, began } = setUp()
  void write('a')
  void write('b')
  expect(began).toEqual(['a', 'b'])
})

test('a failed write fails those who asked for it, not those who come after', async () => {
  const { write, gates } = setUp()
  const first = write('a')
  const second = write('a')
  gates[0]?.reject(new Error('disk full'))
  await expect(first).rejects.toThrow('disk full')
  await expect.poll(() => gates.length).toBe(2)
  gates[1]?.resolve()
  await second
  const third = write('a')
  gates[2]?.resolve()
  await third
})
