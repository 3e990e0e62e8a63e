import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyMask } from './mask.ts'

/** RFC 6455 section 5.3, to the letter. */
function reference(bytes: Buffer, from: number, to: number, key: Buffer, phase: number): Buffer {
  const masked = Buffer.from(bytes)
  for (let at = from; at < to; at += 1) masked[at] = (masked[at] ?? 0) ^ (key[(at - from + phase) & 3] ?? 0)
  return masked
}

test('equals the bytewise rule at every alignment, length and phase, and touches nothing else', () => {
  const key = Buffer.from([0x01, 0x80, 0xfe, 0x37])
  const source = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37) & 0xff))
  for (let offset = 0; offset < 8; offset += 1) {
    for (let from = 0; from < 9; from += 1) {
      for (let to = from; to < 40; to += 1) {
        for (let phase = 0; phase < 5; phase += 1) {
          const memory = Buffer.alloc(80)
          const bytes = memory.subarray(offset, offset + source.length)
          source.copy(bytes)
          applyMask(bytes, from, to, key, phase)
          expect(bytes.equals(reference(source, from, to, key, phase))).toBe(true)
        }
      }
    }
  }
})

test('applied twice it gives the bytes back, cut anywhere', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.nat(300),
      (data, key, cut) => {
        const bytes = Buffer.from(data)
        const middle = Math.min(cut, bytes.length)
        applyMask(bytes, 0, bytes.length, Buffer.from(key))
        applyMask(bytes, 0, middle, Buffer.from(key))
        applyMask(bytes, middle, bytes.length, Buffer.from(key), middle)
        expect(bytes.equals(Buffer.from(data))).toBe(true)
      },
    ),
  )
})
