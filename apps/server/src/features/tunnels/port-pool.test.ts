import { parsePortRanges } from '@rport/protocol'
import { expect, test } from 'vitest'
import { createPortPool, portPolicy } from './port-pool.ts'

const EXCLUDED = parsePortRanges(['1-1024'])
const portsOf = (pool: ReturnType<typeof createPortPool>) => Array.from(pool.candidates(), ({ port }) => port)

test('without used_ports random ports come from 20000-30000 and wished ones from 1025 up', () => {
  const pool = createPortPool(portPolicy(undefined, EXCLUDED))
  expect([1024, 1025, 65_535, 0, 65_536].map(pool.allows)).toEqual([false, true, true, false, false])
  const ports = portsOf(pool)
  expect([Math.min(...ports), Math.max(...ports), ports.length]).toEqual([20_000, 30_000, 10_001])
})

test('with used_ports both come from it, minus what is excluded', () => {
  const pool = createPortPool(portPolicy(parsePortRanges(['80', '5000-5002']), parsePortRanges(['1-1024', '5001'])))
  expect([80, 5000, 5001, 5002, 5003].map(pool.allows)).toEqual([false, true, false, true, false])
  expect(portsOf(pool).sort()).toEqual([5000, 5002])
})

test('port 0 is never a port, whatever the configuration says', () => {
  const pool = createPortPool(portPolicy(parsePortRanges(['0-2']), []))
  expect(pool.allows(0)).toBe(false)
  expect(portsOf(pool).sort()).toEqual([1, 2])
})

test('a taken port is neither given twice nor offered, until it is released', () => {
  const pool = createPortPool(portPolicy(parsePortRanges(['5000-5001']), []))
  const first = pool.reserve(5000)
  expect(pool.reserve(5000)).toBeUndefined()
  expect(portsOf(pool)).toEqual([5001])
  first?.release()
  expect(pool.reserve(5000)?.port).toBe(5000)
})

test('releasing twice does not take the port away from its next owner', () => {
  const pool = createPortPool(portPolicy(parsePortRanges(['5000']), []))
  const first = pool.reserve(5000)
  first?.release()
  const second = pool.reserve(5000)
  first?.release()
  expect(pool.reserve(5000)).toBeUndefined()
  expect(second?.port).toBe(5000)
})

test('where the search begins depends on the random source alone', () => {
  const pool = createPortPool(portPolicy(parsePortRanges(['10-19']), []), () => 0.5)
  expect(pool.candidates().next().value?.port).toBe(15)
})
