import { expect, test } from 'vitest'
import { cpuSecondsOf, parseStat } from './processor-time.ts'

test('times are read behind a name that holds spaces and brackets', () => {
  const text = '42 (a (b) c) S 7 42 42 0 -1 4194304 5 0 0 0 150 50 9 9 20 0 1 0 100 0 0'
  expect(parseStat(text)).toEqual({ parentPid: 7, cpuSeconds: 2 })
})

test.runIf(process.platform === 'linux')('our own processor time counts, that of nobody is zero', () => {
  expect(cpuSecondsOf([process.pid])).toBeGreaterThan(0)
  expect(cpuSecondsOf([])).toBe(0)
})
