import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../errors.ts'
import { OWNED_BYTES } from '../lease.ts'
import { createMemoryPair } from '../testing/memory-link.ts'
import { AES_CTR_CIPHERS, MAC_ALGORITHMS } from './algorithms/aes-ctr.ts'
import { AES_GCM_CIPHERS } from './algorithms/aes-gcm.ts'
import { CHACHA20_POLY1305 } from './algorithms/chacha20-poly1305.ts'
import type { CipherAlgorithm, DirectionKeys, MacAlgorithm } from './algorithms/cipher.ts'
import { type NativeGcm, nativeGcm } from './algorithms/native-gcm.ts'
import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

interface Suite {
  readonly name: string
  readonly cipher: CipherAlgorithm | undefined
  readonly mac: MacAlgorithm | undefined
  readonly native?: NativeGcm
}

const SUITES: Suite[] = [
  { name: 'no cipher', cipher: undefined, mac: undefined },
  ...[...AES_GCM_CIPHERS, CHACHA20_POLY1305].map((cipher) => ({ name: cipher.name, cipher, mac: undefined })),
  ...AES_CTR_CIPHERS.flatMap((cipher) =>
    MAC_ALGORITHMS.map((mac) => ({ name: `${cipher.name} with ${mac.name}`, cipher, mac })),
  ),
]
if (nativeGcm) {
  for (const cipher of AES_GCM_CIPHERS) {
    SUITES.push({ name: `${cipher.name} by the addon`, cipher, mac: undefined, native: nativeGcm })
  }
}
const SEALED_SUITES = SUITES.filter((suite) => suite.cipher !== undefined)

const derive = (label: string) => (byteCount: number) => {
  let bytes = Buffer.alloc(0)
  while (bytes.length < byteCount)
    bytes = Buffer.concat([
      bytes,
      createHash('sha256')
        .update(label + bytes.length)
        .digest(),
    ])
  return bytes.subarray(0, byteCount)
}
const KEYS: DirectionKeys = { iv: derive('iv'), key: derive('key'), macKey: derive('mac') }

/** What a writer sends for these payloads; `flushes` says after which of them it flushes. */
function seal(suite: Suite, payloads: readonly Buffer[], flushes: (index: number) => boolean = () => false): Buffer {
  const [link] = createMemoryPair({ record: true })
  const writer = new PacketWriter(link)
  if (suite.cipher) writer.setSealer(suite.cipher.createSealer(KEYS, suite.mac, suite.native), false)
  for (const [index, payload] of payloads.entries()) {
    writer.send(payload)
    if (flushes(index)) writer.flush()
  }
  writer.flush()
  return link.sent()
}

/** What a reader makes of a stream that comes in these pieces. */
function open(suite: Suite, pieces: readonly Buffer[], maxPacketBytes = 300_000): Buffer[] {
  const payloads: Buffer[] = []
  const reader = new PacketReader(maxPacketBytes, (payload, _lease, sequence) => {
    expect(sequence).toBe(payloads.length)
    payloads.push(Buffer.from(payload))
  })
  if (suite.cipher) reader.setOpener(suite.cipher.createOpener(KEYS, suite.mac, suite.native), false)
  for (const piece of pieces) reader.feed(Buffer.from(piece), OWNED_BYTES)
  return payloads
}

const cut = (stream: Buffer, size: number): Buffer[] => {
  const pieces: Buffer[] = []
  for (let at = 0; at < stream.length; at += size) pieces.push(stream.subarray(at, at + size))
  return pieces
}

describe.each(SUITES)('$name', (suite) => {
  test('brings payloads of all lengths through, cut in pieces of any size', () => {
    const payloads = [...Array.from({ length: 40 }, (_, index) => randomBytes(index + 1)), randomBytes(32_777)]
    const stream = seal(suite, payloads, (index) => index % 3 === 0)
    for (const size of [1, 2, 3, 5, 16, 17, 1024, stream.length])
      expect(open(suite, cut(stream, size))).toEqual(payloads)
  })

  test('brings two packets through, cut at every byte', () => {
    const payloads = [Buffer.from('first'), Buffer.from('and second')]
    const stream = seal(suite, payloads)
    for (let at = 0; at <= stream.length; at += 1) {
      expect(open(suite, [stream.subarray(0, at), stream.subarray(at)])).toEqual(payloads)
    }
  })

  test('takes no packet above the limit, whatever length is announced', () => {
    const stream = seal(suite, [Buffer.alloc(5000)])
    expect(() => open(suite, [stream], 4000)).toThrow(TransportError)
  })
})

describe.each(SEALED_SUITES)('$name', (suite) => {
  test('notices a change of any single byte', () => {
    const payload = randomBytes(50)
    const stream = seal(suite, [payload, payload])
    for (let at = 0; at < stream.length; at += 1) {
      const tampered = Buffer.from(stream)
      tampered[at] = (tampered[at] ?? 0) ^ (1 << (at % 8))
      let opened: Buffer[] = []
      try {
        opened = open(suite, [tampered])
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(TransportError)
        continue
      }
      // A length that was changed may make the reader wait for more; it must not have given out the packet.
      expect(opened.length).toBeLessThan(2)
      expect(opened).toEqual([payload].slice(0, opened.length))
    }
  })

  test('notices packets that are repeated, left out or in another order', () => {
    const [first, second] = cut(seal(suite, [Buffer.alloc(30, 1), Buffer.alloc(30, 2)]), sealedBytes(suite))
    if (!first || !second) throw new Error('not sealed')
    expect(() => open(suite, [first, first])).toThrow(TransportError)
    expect(() => open(suite, [second])).toThrow(TransportError)
  })

  const sealedBytes = (of: Suite): number => seal(of, [Buffer.alloc(30, 1)]).length
})

describe('a packet in the clear', () => {
  const plain: Suite = { name: '', cipher: undefined, mac: undefined }
  const packet = (length: number, padding: number, bytes: number): Buffer => {
    const head = Buffer.alloc(5 + bytes)
    head.writeUInt32BE(length)
    head[4] = padding
    return head
  }

  test.each([
    ['a length of nothing', packet(0, 0, 20)],
    ['less than a payload and its padding', packet(4, 4, 20)],
    ['4 GiB', packet(0xffffffff, 4, 20)],
    ['a length that is no multiple of the block', packet(13, 4, 20)],
    ['padding that is too short', packet(12, 3, 20)],
    ['padding that covers the payload', packet(12, 11, 20)],
    ['padding beyond the packet', packet(12, 255, 20)],
  ])('with %s is refused', (_what, bytes) => {
    expect(() => open(plain, [bytes])).toThrow(TransportError)
    expect(() => open(plain, cut(bytes, 1))).toThrow(TransportError)
  })
})

test('arbitrary bytes throw nothing but TransportError, whatever the cipher', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SUITES),
      fc.uint8Array({ maxLength: 500 }),
      fc.integer({ min: 1, max: 64 }),
      (suite, bytes, size) => {
        try {
          open(suite, cut(Buffer.from(bytes), size), 35_000)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TransportError)
        }
      },
    ),
  )
})

describe('a stopped reader', () => {
  const plain = SUITES[0] as Suite
  const payloads = [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')]

  test('hands up nothing until it is started, then everything in order', () => {
    const seen: string[] = []
    const reader = new PacketReader(35_000, (payload) => {
      seen.push(payload.toString())
      reader.stop()
    })
    for (const piece of cut(seal(plain, payloads), 7)) reader.feed(piece, OWNED_BYTES)
    expect(seen).toEqual(['one'])
    reader.start()
    expect(seen).toEqual(['one', 'two'])
    reader.start()
    reader.start()
    expect(seen).toEqual(['one', 'two', 'three'])
  })

  test('that is started from within goes on', () => {
    const seen: string[] = []
    const reader = new PacketReader(35_000, (payload) => {
      seen.push(payload.toString())
      reader.stop()
      reader.start()
    })
    reader.feed(seal(plain, payloads), OWNED_BYTES)
    expect(seen).toEqual(['one', 'two', 'three'])
  })

  test('keeps a bounded amount of what arrives nevertheless', () => {
    const reader = new PacketReader(35_000, () => undefined)
    reader.stop()
    const flood = () => {
      for (let count = 0; count < 100; count += 1) reader.feed(Buffer.alloc(64 * 1024), OWNED_BYTES)
    }
    expect(flood).toThrow('arrived while the link was stopped')
  })

  test('that was closed within a packet hands up nothing more of the same piece', () => {
    const seen: string[] = []
    const reader = new PacketReader(35_000, (payload) => {
      seen.push(payload.toString())
      reader.close()
    })
    reader.feed(seal(plain, payloads), OWNED_BYTES)
    expect(seen).toEqual(['one'])
  })
})

test('packet numbers wrap around after 2^32', () => {
  const sealer = CHACHA20_POLY1305.createSealer(KEYS, undefined)
  const opener = CHACHA20_POLY1305.createOpener(KEYS, undefined)
  // length 4 | padding length 1 | 10 of payload | 9 of padding, to the block of 8
  const packet = Buffer.concat([Buffer.from([0, 0, 0, 16, 5]), Buffer.alloc(15), Buffer.alloc(16)])
  sealer.seal(packet, 0, 36, 2 ** 32)
  expect(opener.packetLength(packet, 0, 0)).toBe(16)
  expect(opener.open(packet, 0, 16, 0)).toBe(true)
  expect(packet[4]).toBe(5)
})
