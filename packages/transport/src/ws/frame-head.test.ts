import { expect, test } from 'vitest'
import { writeFrameHead } from './frame-head.ts'

const KEY = Buffer.from('01020304', 'hex')

// RFC 6455 section 5.2
test.each([
  [0, undefined, '8200'],
  [125, undefined, '827d'],
  [126, undefined, '827e007e'],
  [65_535, undefined, '827effff'],
  [65_536, undefined, '827f0000000000010000'],
  [2 ** 32 + 5, undefined, '827f0000000100000005'],
  [5, KEY, '828501020304'],
  [126, KEY, '82fe007e01020304'],
  [65_536, KEY, '82ff000000000001000001020304'],
])('the head of %d bytes ends right before them', (byteCount, key, expected) => {
  const target = Buffer.alloc(14, 0xee)
  const at = writeFrameHead(target, 14, 2, byteCount, key)
  expect(target.subarray(at).toString('hex')).toBe(expected)
  expect(target.subarray(0, at).every((byte) => byte === 0xee)).toBe(true)
})
