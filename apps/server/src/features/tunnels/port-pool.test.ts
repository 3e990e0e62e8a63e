import { parsePortRanges } from '@rport/protocol'
import { expect, test } from 'vitest'
import { createPortPool } from './port-pool.ts'

const both = (texts: string[]) => ({ random: parsePortRanges(texts), fixed: parsePortRanges(texts) })
const portsOf = (pool: ReturnType<typeof createPortPool>) => Array.from(pool.candidates(), ({ port }) => port)

test('picked ports come from the random set, wished ones from the fixed set', () => {
  const pool = createPortPool({ random: parsePortRanges(['5000', '5002']), fixed: parsePortRanges(['1025-65535']) })
  expect([1024, 1025, 5001, 65_535].map(pool.allows)).toEqual([false, true, true, true])
  expect(portsOf(pool).sort()).toEqual([5000, 5002])
})

test('a taken port is neither given twice nor offered, until it is released', () => {
  const pool = createPortPool(both(['5000-5001']))
  const first = pool.reserve(5000)
  expect(pool.reserve(5000)).toBeUndefined()
  expect(portsOf(pool)).toEqual([5001])
  first?.release()
  expect(pool.reserve(5000)?.port).toBe(5000)
})

test('releasing twice does not take the port away from its next owner', () => {
  const pool = createPortPool(both(['5000']))
  const first = pool.reserve(5000)
  first?.release()
  const second = pool.reserve(5000)
  first?.release()
  expect(pool.reserve(5000)).toBeUndefined()
  expect(second?.port).toBe(5000)
})

test('where the search begins depends on the random source alone', () => {
  const pool = createPortPool(both(['10-19']), () => 0.5)
  expect(pool.candidates().next().value?.port).toBe(15)
})
