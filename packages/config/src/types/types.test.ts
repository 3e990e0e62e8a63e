import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import type { OptionType } from '../option-type.ts'
import type { RawValue } from '../raw-value.ts'
import { textList, textMap } from './lists.ts'
import { hostPort, networks } from './network.ts'
import { bool, duration, float, int } from './numbers.ts'
import { httpUrl, oneOf, path, secret, text } from './texts.ts'

const takes = <T>(type: OptionType<T>, raw: RawValue, value: T) => expect(type.read(raw)).toEqual(value)
const refuses = (type: OptionType<unknown>, ...raws: RawValue[]) => {
  for (const raw of raws) expect(() => type.read(raw), String(raw)).toThrow()
}

describe('as the original, but never by guessing', () => {
  test('a text may be written as a number', () => {
    takes(text(), 1.3, '1.3')
    refuses(text(), true, ['a'], { a: 'b' }, 'a\0b', 'x'.repeat(20_000))
  })

  test('true and false may be written as words and as 0 and 1', () => {
    for (const raw of [true, 1, '1', 'true', 'T', 'True']) takes(bool(), raw, true)
    for (const raw of [false, 0, '0', 'false', 'FALSE']) takes(bool(), raw, false)
    refuses(bool(), 'yes', 2, '', ['true'])
  })

  test('a number may be written as a text of digits', () => {
    takes(int(), '42', 42)
    takes(int(), -1, -1)
    takes(int(), 5.0, 5)
    takes(float(), '2.5', 2.5)
    refuses(int(), '0x10', '1e3', '', ' ', 1.5, true, '9007199254740993', 2n ** 70n)
    refuses(float(), 'NaN', 'Infinity', Number.NaN)
  })

  test('bounds are a part of a number', () => {
    refuses(int({ min: 0, max: 4 }), -1, 5)
    refuses(float({ min: 0 }), -0.5)
    takes(int({ min: 0, max: 4 }), 4, 4)
  })

  test('a duration is text in the grammar of Go; a bare number counts nanoseconds', () => {
    takes(duration(), '1h30m', 5_400_000)
    takes(duration(), '0', 0)
    takes(duration(), 2_000_000_000, 2000)
    takes(duration(), 2_000_000_000_000_000_000n, 2_000_000_000_000)
    refuses(duration(), '5', '1 hour', '-1s', '', true, '7d')
    expect(() => duration({ min: 1000 }).read(3600)).toThrow(/nanoseconds/)
    refuses(duration({ max: 60_000 }), '61s')
  })

  test('a list may be one text with commas, with or without brackets, or one value', () => {
    takes(textList(), ['a', 1], ['a', '1'])
    takes(textList(), 'a,b', ['a', 'b'])
    takes(textList(), '[a,"b,c"]', ['a', 'b,c'])
    takes(textList(), '', [])
    takes(textList(), '[]', [])
    takes(textList(), 8000, ['8000'])
    refuses(
      textList(),
      '"open',
      [['a']],
      { a: 'b' },
      Array.from({ length: 20_000 }, () => 'x'),
    )
  })

  test('names in a table are taken in lower case', () => {
    takes(textMap(), { City: 'Cologne', floor: 3 }, { city: 'Cologne', floor: '3' })
    refuses(textMap(), 'city=Cologne', ['a'], { a: { b: 'c' } })
  })
})

test('host and port: names, both families of addresses, and all addresses', () => {
  const type = hostPort('127.0.0.1:1')
  takes(type, 'localhost:80', { host: 'localhost', port: 80 })
  takes(type, '[2001:db8::1]:443', { host: '2001:db8::1', port: 443 })
  takes(type, ':8080', { host: '', port: 8080 })
  refuses(type, '8080', 'localhost', '2001:db8::1', 'a b:80', '[zz]:1', 'x:70000', 'http://x:80', '')
  expect(() => type.read('8080')).toThrow('only a port')
})

test('addresses and networks of both families', () => {
  expect(
    networks()
      .read(['10.0.0.0/8', '::1'])
      .map(({ prefixLength }) => prefixLength),
  ).toEqual([8, 128])
  refuses(networks(), 'localhost', '10.0.0.0/33', ['10.0.0.0/8', ''])
})

test('an URL needs scheme and host', () => {
  takes(httpUrl(), 'https://rport.example.com:8443/x', 'https://rport.example.com:8443/x')
  refuses(httpUrl(), 'rport.example.com', 'ftp://x', 'http:x', 'http://', 'http://a b')
})

test('a word is one of the list, to the letter', () => {
  takes(oneOf(['error', 'info']), 'info', 'info')
  refuses(oneOf(['error', 'info']), 'Info', '')
  expect(() => oneOf(['a'], (bad) => `bad ${bad}`).read('x"')).toThrow('bad "x\\""')
})

test('a secret does not show itself', () => {
  expect(secret().read('hunter2').reveal()).toBe('hunter2')
  expect(JSON.stringify(secret().read('hunter2'))).not.toContain('hunter2')
})

describe('what is written into an example file is read back', () => {
  const roundTrip = <T>(type: OptionType<T>, value: T) =>
    expect(type.read((parse(`x = ${type.write(value)}`) as { x: RawValue }).x)).toEqual(value)

  test('texts and lists of any characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((given) => given.isWellFormed() && !given.includes('\0')),
        (given) => {
          roundTrip(path(), given)
          roundTrip(textList(), [given, 'x'])
          roundTrip(textMap(), { a: given })
        },
      ),
    )
  })

  test('numbers and durations', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (number) => {
        roundTrip(int(), number)
        roundTrip(duration(), Math.floor(number / 1000) * 1000)
      }),
    )
    for (const durationMs of [0, 1, 1000, 60_000, 90_000, 3_600_000, 5_400_000, 3_601_000])
      roundTrip(duration(), durationMs)
    expect(duration().write(3_600_000)).toBe('"1h"')
    expect(duration().write(600_000)).toBe('"10m"')
  })
})
