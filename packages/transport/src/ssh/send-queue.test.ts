import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lease } from '../channel.ts'
import { SendQueue } from './send-queue.ts'

function countHolds() {
  const counted = { held: 0, released: 0 }
  const lease: Lease = {
    hold() {
      counted.held += 1
      return {
        release() {
          counted.released += 1
        },
      }
    },
  }
  return { counted, lease }
}

const steps = fc.array(
  fc.oneof(fc.record({ push: fc.integer({ min: 1, max: 40 }) }), fc.record({ move: fc.nat(100) })),
  {
    maxLength: 2000,
    size: 'max',
  },
)

test('gives the bytes as they came, whatever the pieces and the steps, and releases each piece once it is gone', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const queue = new SendQueue()
      const { counted, lease } = countHolds()
      const expected: number[] = []
      const target = Buffer.alloc(200)
      let next = 0
      for (const step of all) {
        if ('push' in step) {
          const bytes = Buffer.from(Array.from({ length: step.push }, () => next++ & 0xff))
          expected.push(...bytes)
          queue.push(bytes)
          queue.holdLast(lease)
        } else {
          const byteCount = Math.min(step.move, queue.byteCount)
          queue.moveTo(target, 7, byteCount)
          expect([...target.subarray(7, 7 + byteCount)]).toEqual(expected.splice(0, byteCount))
        }
        expect(queue.byteCount).toBe(expected.length)
        expect(queue.pieceCount).toBe(counted.held - counted.released)
      }
      queue.clear()
      expect(counted.released).toBe(counted.held)
    }),
    { numRuns: 20 },
  )
})

test('stays in order over thousands of pieces that never run out', () => {
  const queue = new SendQueue()
  const target = Buffer.alloc(4)
  queue.push(Buffer.from([0, 0, 0, 0]))
  for (let number = 1; number < 5000; number += 1) {
    const piece = Buffer.alloc(4)
    piece.writeUInt32BE(number)
    queue.push(piece)
    queue.moveTo(target, 0, 4)
    expect(target.readUInt32BE()).toBe(number - 1)
  }
  expect([queue.pieceCount, queue.byteCount]).toEqual([1, 4])
})
