import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../errors.ts'
import { OWNED_BYTES } from '../lease.ts'
import { LINK_HEADROOM_BYTES } from '../link.ts'
import { writeFrameHead } from './frame-head.ts'
import { FrameReader, OPCODE } from './frame-reader.ts'
import { applyMask } from './mask.ts'

const KEY = Buffer.from('a1b2c3d4', 'hex')
type Piece = readonly [opcode: number, payload: Buffer, isFinal?: boolean]

/** One frame, masked unless `key` is null. */
function frame([opcode, payload, isFinal = true]: Piece, key: Buffer | null = KEY): Buffer {
  const slab = Buffer.alloc(LINK_HEADROOM_BYTES + payload.length)
  payload.copy(slab, LINK_HEADROOM_BYTES)
  if (key) applyMask(slab, LINK_HEADROOM_BYTES, slab.length, key)
  const start = writeFrameHead(slab, LINK_HEADROOM_BYTES, opcode, payload.length, key ?? undefined)
  if (!isFinal) slab[start] = (slab[start] ?? 0) & 0x7f
  return Buffer.from(slab.subarray(start))
}

function read(pieces: readonly Buffer[], wantsMask = true): { bytes: Buffer; events: string[] } {
  const payloads: Buffer[] = []
  const events: string[] = []
  const reader = new FrameReader(wantsMask, {
    onPayload: (bytes) => void payloads.push(Buffer.from(bytes)),
    onPing: (payload) => void events.push(`ping ${payload.toString()}`),
    onCloseFrame: () => void events.push('close'),
  })
  for (const piece of pieces) reader.feed(Buffer.from(piece), OWNED_BYTES)
  return { bytes: Buffer.concat(payloads), events }
}

const atEveryByte = (stream: Buffer): Buffer[][] =>
  Array.from({ length: stream.length + 1 }, (_, at) => [stream.subarray(0, at), stream.subarray(at)])

describe('a stream of frames', () => {
  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('brings a payload of %d bytes through', (size) => {
    const payload = randomBytes(size)
    for (const key of [KEY, Buffer.alloc(4), null]) {
      const stream = frame([OPCODE.BINARY, payload], key)
      expect(read([stream], key !== null).bytes.equals(payload)).toBe(true)
    }
  })

  test('as Go agents send it, fragments of 1,024 bytes with control frames between, is whole wherever it is cut', () => {
    const payload = randomBytes(2500)
    const stream = Buffer.concat([
      frame([OPCODE.BINARY, payload.subarray(0, 1024), false]),
      frame([OPCODE.PING, Buffer.from('are you there')], Buffer.from('01020304', 'hex')),
      frame([OPCODE.CONTINUATION, payload.subarray(1024, 2048), false], Buffer.from('ffeeddcc', 'hex')),
      frame([OPCODE.PONG, Buffer.alloc(0)]),
      frame([OPCODE.CONTINUATION, payload.subarray(2048), true]),
      frame([OPCODE.TEXT, Buffer.from('text counts as well')]),
    ])
    const whole = Buffer.concat([payload, Buffer.from('text counts as well')])
    for (const pieces of atEveryByte(stream)) {
      const got = read(pieces)
      expect(got.bytes.equals(whole)).toBe(true)
      expect(got.events).toEqual(['ping are you there'])
    }
    expect(read(Array.from(stream, (byte) => Buffer.from([byte]))).bytes.equals(whole)).toBe(true)
  })

  test('hands up what is there of a frame that has not arrived whole', () => {
    const stream = frame([OPCODE.BINARY, Buffer.from('0123456789')])
    expect(read([stream.subarray(0, stream.length - 4)]).bytes.toString()).toBe('012345')
  })

  test('tells of a close frame', () => {
    expect(read([frame([OPCODE.CLOSE, Buffer.from([3, 232])])]).events).toEqual(['close'])
  })

  test('of any number of empty frames costs nothing but reading it', () => {
    const empties = Buffer.concat(Array.from({ length: 10_000 }, () => frame([OPCODE.BINARY, Buffer.alloc(0)])))
    expect(read([empties]).bytes.length).toBe(0)
  })
})

describe('a frame is refused', () => {
  const head = (hex: string) => Buffer.from(hex, 'hex')
  test.each([
    ['without a mask, from a client', frame([OPCODE.BINARY, Buffer.from('x')], null), true, 'frame without mask'],
    ['with a mask, from a server', frame([OPCODE.BINARY, Buffer.from('x')]), false, 'masked frame from a server'],
    ['with the first reserved bit', head('c28161626364'), true, 'reserved bits are set'],
    ['with the second reserved bit', head('a28161626364'), true, 'reserved bits are set'],
    ['with the third reserved bit', head('928161626364'), true, 'reserved bits are set'],
    ['of 4 GiB', head('82ff000000010000000061626364'), true, 'frame of 4 GiB or more'],
    ['with a negative length', head('82ffffffffffffffffff61626364'), true, 'frame of 4 GiB or more'],
    ['with an unknown opcode', head('838161626364'), true, 'opcode 3'],
    ['with an unknown control opcode', head('8b8061626364'), true, 'malformed control frame'],
    ['that controls in fragments', head('098061626364'), true, 'malformed control frame'],
    ['that controls with 126 bytes', head('89fe007e61626364'), true, 'malformed control frame'],
    ['that continues nothing', frame([OPCODE.CONTINUATION, Buffer.from('x')]), true, 'continuation out of order'],
    [
      'that begins anew inside a message',
      Buffer.concat([frame([OPCODE.BINARY, Buffer.from('x'), false]), frame([OPCODE.BINARY, Buffer.from('y')])]),
      true,
      'continuation out of order',
    ],
  ])('%s', (_what, stream, wantsMask, message) => {
    expect(() => read([stream], wantsMask)).toThrow(message)
    expect(() =>
      read(
        Array.from(stream, (byte) => Buffer.from([byte])),
        wantsMask,
      ),
    ).toThrow(TransportError)
  })
})

test('arbitrary bytes throw nothing but TransportError and give out no more than came in', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), fc.boolean(), (pieces, wantsMask) => {
      const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
      try {
        expect(
          read(
            pieces.map((piece) => Buffer.from(piece)),
            wantsMask,
          ).bytes.length,
        ).toBeLessThanOrEqual(total)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(TransportError)
      }
    }),
  )
})
