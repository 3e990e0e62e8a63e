import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../../errors.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { fingerprintMatches, hostKeyFromSeed, verifyHostKey } from './host-key.ts'

// wire-protocol 11.1; vector A was printed by a running server of the original, B is published with its example file.
test.each([
  [
    'Z4mQqmkDnexNNR4giNU3Me',
    '5d:b3:ee:37:b2:31:cc:ce:93:d4:69:21:16:5d:36:11',
    '3385fe25c08000651c012fdc7d0e6217c7af063c292438606c967f95061c03a2',
  ],
  [
    '5448e69530b4b97fb510f96ff1550500b093',
    '36:98:56:12:f3:dc:e5:8d:ac:96:48:23:b6:f0:42:15',
    '1bdb94f4a5a478d9fa6717e784d461ba09b8e0d9c60b904434203a6e31b3d182',
  ],
  [
    'test',
    'aa:0d:c9:17:67:75:6f:a6:ec:49:65:d4:0f:eb:92:01',
    'c1446c6587bc647777b656583132eb5c42c716b18c08587eb16aaf6843650624',
  ],
])('seed %s gives the key that the family knows', (seed, fingerprint, x) => {
  const key = hostKeyFromSeed(seed)
  expect(key.fingerprint).toBe(fingerprint)
  expect(key.publicBlob.subarray(-64, -32).toString('hex')).toBe(x)
})

test('the public key travels as RFC 5656 says', () => {
  expect(hostKeyFromSeed('Z4mQqmkDnexNNR4giNU3Me').publicBlob.toString('hex')).toMatch(
    /^0000001365636473612d736861322d6e69737470323536000000086e6973747032353600000041043385fe25.*6c4165$/,
  )
})

test('an empty seed is refused', () => {
  expect(() => hostKeyFromSeed('')).toThrow(RangeError)
})

test('a signature is checked against key and data', () => {
  const key = hostKeyFromSeed('test')
  const data = Buffer.from('exchange hash')
  const signature = key.sign(data)
  expect(verifyHostKey('ecdsa-sha2-nistp256', key.publicBlob, data, signature)).toBe(true)
  expect(verifyHostKey('ecdsa-sha2-nistp256', key.publicBlob, Buffer.from('another'), signature)).toBe(false)
  expect(verifyHostKey('ecdsa-sha2-nistp256', hostKeyFromSeed('other').publicBlob, data, signature)).toBe(false)
  expect(() => verifyHostKey('ssh-ed25519', key.publicBlob, data, signature)).toThrow('does not fit')
})

test('a fingerprint is matched by prefix and letter case', () => {
  expect(fingerprintMatches('5d:b3:ee', '')).toBe(true)
  expect(fingerprintMatches('5d:b3:ee', '5d:b3')).toBe(true)
  expect(fingerprintMatches('5d:b3:ee', '5D:B3')).toBe(false)
  expect(fingerprintMatches('5d:b3:ee', 'b3:ee')).toBe(false)
})

describe('a key of another kind', () => {
  const DATA = Buffer.from('exchange hash')
  const number = (key: KeyObject, field: 'n' | 'e') =>
    Buffer.from(key.export({ format: 'jwk' })[field] ?? '', 'base64url')
  const rsaBlob = (key: KeyObject) =>
    new ByteWriter().string('ssh-rsa').mpint(number(key, 'e')).mpint(number(key, 'n')).finish()
  const rsaSignature = (key: KeyObject, algorithm: string, hash: string) =>
    new ByteWriter()
      .string(algorithm)
      .string(sign(hash, DATA, key))
      .finish()

  test.each([
    ['rsa-sha2-256', 'sha256'],
    ['rsa-sha2-512', 'sha512'],
  ])('RSA is checked under %s', (algorithm, hash) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const signature = rsaSignature(privateKey, algorithm, hash)
    expect(verifyHostKey(algorithm, rsaBlob(publicKey), DATA, signature)).toBe(true)
    expect(verifyHostKey(algorithm, rsaBlob(publicKey), Buffer.from('other'), signature)).toBe(false)
    expect(() =>
      verifyHostKey('rsa-sha2-256', rsaBlob(publicKey), DATA, rsaSignature(privateKey, 'ssh-rsa', 'sha1')),
    ).toThrow('does not fit')
  })

  test('RSA of less than 2,048 bits is refused', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const signature = rsaSignature(privateKey, 'rsa-sha2-512', 'sha512')
    expect(() => verifyHostKey('rsa-sha2-512', rsaBlob(publicKey), DATA, signature)).toThrow('shorter than 2,048 bits')
  })

  test('Ed25519 is checked', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    const blob = new ByteWriter().string('ssh-ed25519').string(point).finish()
    const signed = sign(null, DATA, privateKey)
    const signature = new ByteWriter().string('ssh-ed25519').string(signed).finish()
    expect(verifyHostKey('ssh-ed25519', blob, DATA, signature)).toBe(true)
    signed[5] = (signed[5] ?? 0) ^ 1
    const forged = new ByteWriter().string('ssh-ed25519').string(signed).finish()
    expect(verifyHostKey('ssh-ed25519', blob, DATA, forged)).toBe(false)
  })

  test('a point that is on no curve is refused', () => {
    const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)])
    const blob = new ByteWriter().string('ecdsa-sha2-nistp256').string('nistp256').string(point).finish()
    const signature = hostKeyFromSeed('test').sign(DATA)
    expect(() => verifyHostKey('ecdsa-sha2-nistp256', blob, DATA, signature)).toThrow('not a valid public key')
  })

  test('damaged keys and signatures throw nothing but TransportError and are never taken for right', () => {
    const key = hostKeyFromSeed('test')
    const signature = key.sign(DATA)
    const damage = fc.record({
      at: fc.nat(200),
      byte: fc.integer({ min: 1, max: 255 }),
      inKey: fc.boolean(),
      cut: fc.boolean(),
    })
    fc.assert(
      fc.property(damage, ({ at, byte, inKey, cut }) => {
        const parts = { blob: Buffer.from(key.publicBlob), signature: Buffer.from(signature) }
        const part = inKey ? 'blob' : 'signature'
        const index = at % parts[part].length
        if (cut) parts[part] = parts[part].subarray(0, index)
        else parts[part][index] = (parts[part][index] ?? 0) ^ byte
        try {
          expect(verifyHostKey('ecdsa-sha2-nistp256', parts.blob, DATA, parts.signature)).toBe(false)
        } catch (thrown) {
          if (!(thrown instanceof TransportError)) throw thrown
        }
      }),
    )
  })
})
