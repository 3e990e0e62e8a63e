import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  countPorts,
  formatPortRanges,
  hasPort,
  PortRangesError,
  parsePortRanges,
  pickPort,
  portsFromRandom,
  subtractPorts,
  unionPorts,
} from './port-ranges.ts'

describe('port ranges', () => {
  test('are sorted and joined where they touch or overlap', () => {
    expect(formatPortRanges(parsePortRanges(['300', '10-20', '21', '15-18', '0', '299']))).toEqual([
      '0',
      '10-21',
      '299-300',
    ])
  })

  test.each([
    ['abc', "can't parse port number abc: not a whole number"],
    ['', "can't parse port number : not a whole number"],
    [' 1', "can't parse port number  1: not a whole number"],
    ['1-', "can't parse port number : not a whole number"],
    ['1-2-3', "can't parse port range: incorrect range 1-2-3"],
    ['65536', 'invalid port number: 65536'],
    ['1-70000', 'invalid port number: 70000'],
    ['20-10', 'invalid port range 20-10'],
  ])('refuse %j: %s', (text, message) => {
    expect(() => parsePortRanges(['1', text])).toThrow(new PortRangesError(message))
  })

  test('refuse a list without end', () => {
    expect(() => parsePortRanges(Array.from({ length: 1001 }, () => '1'))).toThrow('use at most 1000')
  })
})

const set = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 12 })), { maxLength: 8 })
  .map((pairs) => parsePortRanges(pairs.map(([first, width]) => `${first}-${first + width}`)))
const members = (ranges: ReturnType<typeof parsePortRanges>) =>
  Array.from({ length: 200 }, (_, port) => port).filter((port) => hasPort(ranges, port))

describe('set arithmetic', () => {
  test('agrees with sets', () => {
    fc.assert(
      fc.property(set, set, (left, right) => {
        const inLeft = new Set(members(left))
        const inRight = new Set(members(right))
        expect(new Set(members(unionPorts(left, right)))).toEqual(new Set([...inLeft, ...inRight]))
        expect(new Set(members(subtractPorts(left, right)))).toEqual(
          new Set([...inLeft].filter((port) => !inRight.has(port))),
        )
        expect(countPorts(left)).toBe(inLeft.size)
      }),
    )
  })

  test('reaches both ends of the port space', () => {
    expect(formatPortRanges(subtractPorts(parsePortRanges(['0-65535']), parsePortRanges(['0-1024', '65535'])))).toEqual(
      ['1025-65534'],
    )
  })
})

describe('picking', () => {
  test('yields every port once, beginning anywhere', () => {
    fc.assert(
      fc.property(set, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (ranges, random) => {
        const order = [...portsFromRandom(ranges, () => random)]
        expect(order.toSorted((left, right) => left - right)).toEqual(members(ranges))
        expect(order[0]).toBe(pickPort(ranges, () => random))
      }),
    )
  })

  test('reaches the first and the last port', () => {
    const ranges = parsePortRanges(['20-22', '30'])
    expect(pickPort(ranges, () => 0)).toBe(20)
    expect(pickPort(ranges, () => 0.999)).toBe(30)
  })

  test('finds nothing in nothing', () => {
    expect(pickPort([], () => 0)).toBeUndefined()
  })
})
