import { expect, test } from 'vitest'
import type { Figure } from './line.ts'
import { judge } from './verdict.ts'

const rate: Figure = {
  key: 'rate',
  title: 'rate',
  unit: 'MB/s',
  better: 'more',
  goal: { of: 'openssh-r', must: 0.7, aim: 1.2 },
}
const wait: Figure = { key: 'wait', title: 'wait', unit: 'ms', better: 'less', goal: { must: 5, aim: 2 } }

test('a rate is held against the yardstick of the same run', () => {
  expect(judge(rate, 1300, 1000)).toMatchObject({ verdict: 'pass', reached: 1.3 })
  expect(judge(rate, 800, 1000)).toMatchObject({ verdict: 'near', reached: 0.8 })
  expect(judge(rate, 600, 1000)).toMatchObject({ verdict: 'miss', reached: 0.6 })
})

test('a goal without a yardstick is a value of its own unit', () => {
  expect(judge(wait, 2, undefined).verdict).toBe('pass')
  expect(judge(wait, 4.9, undefined).verdict).toBe('near')
  expect(judge(wait, 5.1, undefined).verdict).toBe('miss')
})

test('both ratios say how far it is to the goal, above one when it is passed, whichever direction is better', () => {
  expect(judge(rate, 1400, 1000).ofMust).toBeCloseTo(2)
  expect(judge(wait, 4, undefined).ofMust).toBeCloseTo(1.25)
  expect(judge(wait, 4, undefined).ofAim).toBeCloseTo(0.5)
})

test('without our value, a yardstick or a goal nothing is judged', () => {
  expect(judge(rate, undefined, 1000).verdict).toBe('shown')
  expect(judge(rate, 1000, undefined).verdict).toBe('shown')
  expect(judge(rate, 1000, 0).verdict).toBe('shown')
  expect(judge({ ...wait, goal: undefined } as unknown as Figure, 1, 1).verdict).toBe('shown')
})
