import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AES_GCM_CIPHERS } from './aes-gcm.ts'
import type { DirectionKeys } from './cipher.ts'
import { nativeGcm } from './native-gcm.ts'

const hasCompiler = spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0

test('where there is a C compiler there is the addon, because the install has built it', () => {
  expect(nativeGcm !== undefined || !hasCompiler).toBe(true)
})

/** Packets as a writer lays them out, with room for their tags. */
function layOut(sizes: readonly number[]): Buffer {
  return Buffer.concat(
    sizes.map((size) => {
      const packet = randomBytes(4 + size + 16)
      packet.writeUInt32BE(size, 0)
      return packet
    }),
  )
}

/** Body, where its data begins in the packet, and how much that is: in one block, over some, on their edges, from the first to the last byte. */
const SPLITS = [
  ...[4, 14, 19, 20, 21, 36].flatMap((at) =>
    [0, 1, 5, 15, 16, 17, 31, 33, 250, 272].map((count) => [320, at, count] as const),
  ),
  [320, 4, 320],
  [32_784, 14, 32_768],
  [65_552, 14, 65_530],
] as const

describe.skipIf(!nativeGcm).each(AES_GCM_CIPHERS)('$name', (cipher) => {
  const secrets = { iv: randomBytes(12), key: randomBytes(32) }
  // The nonce's counter is about to run over: both must carry in the same way, and only within eight bytes.
  secrets.iv.fill(0xff, 4)
  secrets.iv[11] = 0xfd
  const keys: DirectionKeys = {
    iv: (byteCount) => Buffer.from(secrets.iv.subarray(0, byteCount)),
    key: (byteCount) => Buffer.from(secrets.key.subarray(0, byteCount)),
    macKey: () => Buffer.alloc(0),
  }
  const sizes = [16, 32, 1408, 16, 32_784, 48, 240, 65_536]

  test('gives the same bytes by the addon as by node:crypto, many packets a call', () => {
    const plain = layOut(sizes)
    const byAddon = Buffer.from(plain)
    const byRuntime = Buffer.from(plain)
    cipher.createSealer(keys, undefined, nativeGcm).seal(byAddon, 0, byAddon.length, 0)
    cipher.createSealer(keys, undefined).seal(byRuntime, 0, byRuntime.length, 0)
    expect(byAddon.equals(byRuntime)).toBe(true)
    expect(byAddon.equals(plain)).toBe(false)
  })

  test('seals a packet whose data comes from elsewhere to the same bytes, wherever it begins and ends', () => {
    const sealer = cipher.createSealer(keys, undefined, nativeGcm)
    const yardstick = cipher.createSealer(keys, undefined)
    for (const [size, at, byteCount] of SPLITS) {
      const plain = layOut([size])
      const wanted = Buffer.from(plain)
      yardstick.seal(wanted, 0, wanted.length, 0)
      const source = Buffer.concat([randomBytes(3), plain.subarray(at, at + byteCount), randomBytes(5)])
      const untouched = Buffer.from(source)
      // The packet does not begin where the slab does, and holds old bytes where its data belongs.
      const slab = Buffer.concat([randomBytes(7), plain, randomBytes(9)])
      slab.fill(0xee, 7 + at, 7 + at + byteCount)
      const around = [slab.toString('hex', 0, 7), slab.toString('hex', 7 + plain.length)]
      sealer.sealFrom?.(slab, 7, 7 + plain.length, 7 + at, source, 3, byteCount)
      expect(slab.subarray(7, 7 + plain.length).equals(wanted)).toBe(true)
      expect([slab.toString('hex', 0, 7), slab.toString('hex', 7 + plain.length)]).toEqual(around)
      expect(source.equals(untouched)).toBe(true)
    }
  })

  test.each([
    ['the addon', 'node:crypto', nativeGcm, undefined],
    ['node:crypto', 'the addon', undefined, nativeGcm],
  ])('what %s sealed is opened by %s', (_one, _other, sealing, opening) => {
    const plain = layOut(sizes)
    const bytes = Buffer.from(plain)
    cipher.createSealer(keys, undefined, sealing).seal(bytes, 0, bytes.length, 0)
    const opener = cipher.createOpener(keys, undefined, opening)
    let at = 0
    for (const [sequence, size] of sizes.entries()) {
      expect(opener.packetLength(bytes, at, sequence)).toBe(size)
      expect(opener.open(bytes, at, size, sequence)).toBe(true)
      expect(bytes.subarray(at, at + 4 + size).equals(plain.subarray(at, at + 4 + size))).toBe(true)
      at += 4 + size + 16
    }
  })
})

describe.skipIf(!nativeGcm)('the addon', () => {
  // What a broken caller could pass.
  const run = (...args: unknown[]) =>
    (nativeGcm as unknown as Record<'run', (...args: unknown[]) => number>).run(...args)
  const sealFrom = (...args: unknown[]) =>
    (nativeGcm as unknown as Record<'sealFrom', (...args: unknown[]) => number>).sealFrom(...args)
  const create = (seals: boolean, keyBytes = 16, nonceBytes = 12) =>
    nativeGcm?.create(Buffer.alloc(keyBytes), Buffer.alloc(nonceBytes), seals)

  test.each([
    ['another object', () => run({}, Buffer.alloc(40), 0, 40)],
    ['nothing', () => run()],
    ['no bytes', () => run(create(true), 'bytes', 0, 4)],
    ['an end beyond the bytes', () => run(create(true), Buffer.alloc(40), 0, 41)],
    ['a beginning behind the end', () => run(create(true), Buffer.alloc(40), 30, 20)],
    ['data from beyond the source', () => sealFrom(create(true), layOut([32]), 0, 52, 8, Buffer.alloc(8), 1, 8)],
    ['data beyond the packet', () => sealFrom(create(true), layOut([32]), 0, 52, 8, Buffer.alloc(40), 0, 29)],
    ['data in the length', () => sealFrom(create(true), layOut([32]), 0, 52, 3, Buffer.alloc(8), 0, 8)],
    [
      'an end that is not the end of the packet',
      () => sealFrom(create(true), layOut([32, 32]), 0, 104, 8, Buffer.alloc(8), 0, 8),
    ],
    ['data to be opened', () => sealFrom(create(false), layOut([32]), 0, 52, 8, Buffer.alloc(8), 0, 8)],
    ['a key of 24 bytes', () => create(true, 24)],
    ['a nonce of 16 bytes', () => create(true, 16, 16)],
  ])('throws when given %s', (_what, call) => {
    expect(call).toThrow(/create\(key|run\(direction|sealFrom\(direction/)
  })

  test('stops at a packet that is announced longer than it is', () => {
    const bytes = layOut([16, 16])
    for (const length of [17, 0xffffffff, 0x7fffffff]) {
      bytes.writeUInt32BE(length, 36)
      expect(run(create(true), bytes, 0, bytes.length)).toBe(36)
    }
  })

  test('stops before a packet with a wrong tag', () => {
    const bytes = layOut([16, 16, 16])
    run(create(true), bytes, 0, bytes.length)
    bytes[36 + 10] = (bytes[36 + 10] ?? 0) ^ 1
    expect(run(create(false), bytes, 0, bytes.length)).toBe(36)
  })
})
