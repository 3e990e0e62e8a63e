import { expect, test } from 'vitest'
import { type SoakSample, soakFaults } from './soak-faults.ts'

const MB = 1e6
/** A sample a minute, with these megabytes in the server and a calm agent. */
const samples = (megabytes: readonly number[], descriptors = 20): SoakSample[] =>
  megabytes.map((held, atMinutes) => ({
    atMinutes,
    programs: [
      { rssBytes: held * MB, descriptors: descriptors + (megabytes.length > 12 ? atMinutes * 10 : 0) },
      { rssBytes: 100 * MB, descriptors: 20 },
    ],
  }))

test('memory that goes up and down with the collector is flat', () => {
  expect(soakFaults(samples([90, 150, 160, 150, 165, 150, 160, 155, 165, 150]), 1)).toEqual([])
})

test('growth at the start, while buffers find their size, does not count', () => {
  expect(soakFaults(samples([50, 100, 150, 200, 200, 201, 200, 199, 200, 201]), 3)).toEqual([])
})

test('a steady climb is told of by the program that climbs', () => {
  expect(soakFaults(samples([100, 120, 140, 160, 180, 200, 220, 240, 260, 280]), 3)).toEqual([
    'rportd grew by 80 MB, 20.0 MB a minute',
  ])
})

test('descriptors that are never given back are told of', () => {
  expect(soakFaults(samples(Array(14).fill(100)), 2)).toEqual(['rportd holds 60 descriptors more'])
})
