import { expect, test } from 'vitest'
import { median, percentile, slope } from './statistics.ts'

test('the median of three is the one in the middle, whatever their order', () => {
  expect(median([30, 10, 20])).toBe(20)
})

test('the median of an even count lies between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})

test('there is no median and no percentile of nothing', () => {
  expect(median([])).toBeNaN()
  expect(percentile([], 0.5)).toBeNaN()
})

test('a percentile is a value that was measured, by the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentile(values, 0.5)).toBe(50)
  expect(percentile(values, 0.99)).toBe(99)
  expect(percentile(values, 1)).toBe(100)
  expect(percentile(values, 0)).toBe(1)
})

test('the slope of a straight line is its own, and noise around it does not change its sign', () => {
  expect(slope([1, 2, 3].map((x) => [x, 5 - 2 * x]))).toBeCloseTo(-2)
  expect(
    slope([
      [0, 1],
      [1, 0],
      [2, 4],
      [3, 3],
    ]),
  ).toBeCloseTo(1)
})

test('points above one another have no slope', () => {
  expect(
    slope([
      [1, 1],
      [1, 2],
    ]),
  ).toBeNaN()
})
