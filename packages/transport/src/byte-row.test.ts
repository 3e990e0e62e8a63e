import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteRow } from './byte-row.ts'

function drain(row: ByteRow): Buffer {
  const pieces: Buffer[] = []
  for (let piece = row.shift(); piece; piece = row.shift()) pieces.push(piece)
  return Buffer.concat(pieces)
}

test('gives back what was pushed, in order, however pushes and shifts mix', () => {
  const pieces = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1000, maxLength: 3000 })),
  )
  fc.assert(
    fc.property(pieces, fc.array(fc.boolean()), (pushed, shifts) => {
      const row = new ByteRow()
      const out: Buffer[] = []
      for (const [index, piece] of pushed.entries()) {
        row.push(Buffer.from(piece))
        const shifted = shifts[index] ? row.shift() : undefined
        if (shifted) out.push(Buffer.from(shifted))
      }
      expect(Buffer.concat([...out, drain(row)]).equals(Buffer.concat(pushed))).toBe(true)
      expect(row.byteCount).toBe(0)
    }),
  )
})

test('copies: what the caller does to its bytes afterwards changes nothing', () => {
  const row = new ByteRow()
  const bytes = Buffer.from('before')
  row.push(bytes)
  bytes.write('after!')
  expect(drain(row).toString()).toBe('before')
})

test('joins single bytes, so that a hundred thousand of them are a few pieces', () => {
  const row = new ByteRow()
  for (let count = 0; count < 100_000; count += 1) row.push(Buffer.from([count & 0xff]))
  let pieces = 0
  while (row.shift()) pieces += 1
  expect(pieces).toBeLessThan(20)
})

test('is empty after clear', () => {
  const row = new ByteRow()
  row.push(Buffer.alloc(5000))
  row.push(Buffer.alloc(5))
  row.clear()
  expect([row.byteCount, row.shift()]).toEqual([0, undefined])
})
