import { expect, test } from 'vitest'
import { parseBenchArguments } from './arguments.ts'

test('without arguments every line runs three times', () => {
  expect(parseBenchArguments([])).toEqual({
    only: [],
    rounds: 3,
    connectors: 0,
    isQuick: false,
    isList: false,
    isHelp: false,
    isWrite: false,
    programs: {},
  })
})

test('lines can be named one by one or with commas', () => {
  expect(parseBenchArguments(['--only', 'ping,paced', '--only', 'one-stream']).only).toEqual([
    'ping',
    'paced',
    'one-stream',
  ])
})

test('paths of foreign programs are kept under their option', () => {
  const { programs } = parseBenchArguments(['--go-rport', '/opt/a', '--chisel', '/opt/b'])
  expect(programs).toEqual({ 'go-rport': '/opt/a', chisel: '/opt/b' })
})

test.each(['-1', '1.5', 'many', '65'])('%s connectors are refused with what is wanted', (connectors) => {
  expect(() => parseBenchArguments([`--connectors=${connectors}`])).toThrow('a whole number from 0 to 64')
})

test('a run with connectors does not write the page', () => {
  expect(() => parseBenchArguments(['--write', '--connectors', '2'])).toThrow('leave out one of them')
})

test.each(['0', '1.5', 'many', '100'])('%s rounds are refused with what is wanted', (rounds) => {
  expect(() => parseBenchArguments(['--rounds', rounds])).toThrow('a whole number from 1 to 99')
})

test('an option that does not exist is refused by name', () => {
  expect(() => parseBenchArguments(['--fast'])).toThrow('--fast')
})
