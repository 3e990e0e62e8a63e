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
  const create = (seals: boolean, keyBytes = 16, nonceBytes = 12) =>
    nativeGcm?.create(Buffer.alloc(keyBytes), Buffer.alloc(nonceBytes), seals)

  test.each([
    ['another object', () => run({}, Buffer.alloc(40), 0, 40)],
    ['nothing', () => run()],
    ['no bytes', () => run(create(true), 'bytes', 0, 4)],
    ['an end beyond the bytes', () => run(create(true), Buffer.alloc(40), 0, 41)],
    ['a beginning behind the end', () => run(create(true), Buffer.alloc(40), 30, 20)],
    ['a key of 24 bytes', () => create(true, 24)],
    ['a nonce of 16 bytes', () => create(true, 16, 16)],
  ])('throws when given %s', (_what, call) => {
    expect(call).toThrow(/create\(key|run\(direction/)
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
