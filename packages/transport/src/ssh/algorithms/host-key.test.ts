import { expect, test } from 'vitest'
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
