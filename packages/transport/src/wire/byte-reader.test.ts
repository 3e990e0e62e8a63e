import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

const field = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('uint32' as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constant('mpint' as const), value: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({
    kind: fc.constant('names' as const),
    value: fc.array(fc.stringMatching(/^[a-z0-9@.-]{1,20}$/), { maxLength: 5 }),
  }),
)

describe('a reader', () => {
  test('gives back what a writer wrote, field by field', () => {
    fc.assert(
      fc.property(fc.array(field), fc.uint8Array(), (fields, rest) => {
        const writer = new ByteWriter()
        for (const { kind, value } of fields) {
          if (kind === 'byte') writer.byte(value)
          else if (kind === 'boolean') writer.boolean(value)
          else if (kind === 'uint32') writer.uint32(value)
          else if (kind === 'text') writer.string(value)
          else if (kind === 'mpint') writer.mpint(value)
          else writer.nameList(value)
        }
        const reader = new ByteReader(writer.raw(rest).finish())
        for (const { kind, value } of fields) {
          if (kind === 'byte') expect(reader.byte()).toBe(value)
          else if (kind === 'boolean') expect(reader.boolean()).toBe(value)
          else if (kind === 'uint32') expect(reader.uint32()).toBe(value)
          else if (kind === 'text') expect(reader.text(10_000)).toBe(value)
          else if (kind === 'mpint') expect(reader.mpint(40).toString('hex')).toBe(withoutZeros(value))
          else expect(reader.nameList()).toEqual(value)
        }
        expect(reader.rest().equals(Buffer.from(rest))).toBe(true)
        expect(reader.remaining).toBe(0)
      }),
    )
  })

  test('of hostile bytes throws nothing but TransportError', () => {
    const reads = fc.array(fc.constantFrom('byte', 'uint32', 'text', 'mpint', 'nameList', 'string', 'raw'))
    fc.assert(
      fc.property(fc.uint8Array(), reads, (bytes, kinds) => {
        const reader = new ByteReader(Buffer.from(bytes))
        try {
          for (const kind of kinds) {
            if (kind === 'byte' || kind === 'uint32' || kind === 'nameList') reader[kind]()
            else if (kind === 'raw') reader.raw(7)
            else if (kind === 'text' || kind === 'mpint') reader[kind](50)
            else reader.string(50)
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TransportError)
        }
      }),
    )
  })

  test('believes no length: 4 GiB in four bytes are refused', () => {
    const lie = Buffer.from('ffffffff41', 'hex')
    expect(() => new ByteReader(lie).string(Number.MAX_SAFE_INTEGER)).toThrow('4294967295 bytes wanted, 1 left')
    expect(() => new ByteReader(lie).string(100)).toThrow('string of 4294967295 bytes, at most 100 allowed')
  })

  test('refuses a negative number', () => {
    expect(() => new ByteReader(Buffer.from('0000000180', 'hex')).mpint(8)).toThrow('negative number')
  })
})

// RFC 4251 section 5, its own examples
test.each([
  ['', '00000000'],
  ['09a378f9b2e332a7', '0000000809a378f9b2e332a7'],
  ['80', '000000020080'],
  ['000080', '000000020080'],
])('the number %s is written as %s', (number, written) => {
  expect(new ByteWriter().mpint(Buffer.from(number, 'hex')).finish().toString('hex')).toBe(written)
})

const withoutZeros = (bytes: Uint8Array): string => {
  const start = bytes.findIndex((byte) => byte !== 0)
  return start < 0 ? '' : Buffer.from(bytes.subarray(start)).toString('hex')
}
