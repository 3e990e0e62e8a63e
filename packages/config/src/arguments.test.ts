import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseArguments } from './arguments.ts'

const FLAGS = [
  { name: 'addr', short: 'a', isSwitch: false },
  { name: 'port', short: 'p', isSwitch: false },
  { name: 'tag', short: 't', isSwitch: false },
  { name: 'verbose', short: 'v', isSwitch: true },
]
const parse = (...argv: string[]) => parseArguments(argv, FLAGS)
const flags = (...argv: string[]) => Object.fromEntries(parse(...argv).flags)

test.each([
  [['--port', '19075'], { port: ['19075'] }],
  [['--port=19075'], { port: ['19075'] }],
  [['-p', '19075'], { port: ['19075'] }],
  [['-p19075'], { port: ['19075'] }],
  [['-p=19075'], { port: ['19075'] }],
  [['--addr='], { addr: [''] }],
  [['--addr=a=b'], { addr: ['a=b'] }],
  [['--addr', '--port'], { addr: ['--port'] }],
  [['-t', 'a', '--tag', 'b', '--tag=c'], { tag: ['a', 'b', 'c'] }],
  [['--verbose'], { verbose: ['true'] }],
  [['--verbose=false'], { verbose: ['false'] }],
  [['-v'], { verbose: ['true'] }],
  [['-vp', '5'], { verbose: ['true'], port: ['5'] }],
])('%j gives %j', (argv, expected) => {
  expect(flags(...argv)).toEqual(expected)
  expect(parse(...argv).faults).toEqual([])
})

test('a switch does not take the next argument', () => {
  expect(parse('--verbose', 'false').positionals).toEqual(['false'])
})

test('arguments may stand between flags, and everything behind -- is one', () => {
  expect(parse('one', '-v', 'two', '--', '-v', '--addr').positionals).toEqual(['one', 'two', '-v', '--addr'])
  expect(parse('-').positionals).toEqual(['-'])
})

test('an unknown flag is refused with the nearest one', () => {
  expect(parse('--adr', 'x').faults).toEqual([
    { kind: 'usage', message: 'unknown flag: --adr', fix: 'Did you mean --addr?' },
  ])
  expect(parse('-x').faults).toEqual([{ kind: 'usage', message: 'unknown flag: -x' }])
  expect(parse('--quux').faults[0]?.fix).toBeUndefined()
})

test('a flag without its value is refused', () => {
  expect(parse('--addr').faults[0]?.message).toBe('flag needs an argument: --addr')
  expect(parse('-p').faults[0]?.message).toBe('flag needs an argument: -p')
})

test('no command line makes it throw or forget an argument', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('--', '-', '-v', '--tag'))), (argv) => {
      const { flags: given, positionals, faults } = parse(...argv)
      const count = [...given.values()].flat().length + positionals.length + faults.length
      expect(argv.length === 0 || count > 0 || argv.join() === '--').toBe(true)
    }),
  )
})
