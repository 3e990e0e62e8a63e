import { describe, expect, test } from 'vitest'
import { TransportError } from '../../errors.ts'
import { hasMlkem, KEX_ALGORITHMS } from './kex.ts'

const GROUP14_PRIME = Buffer.from(
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b' +
    '302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6' +
    '49286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d' +
    '670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718' +
    '3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff',
  'hex',
)

describe.each(KEX_ALGORITHMS)('$name', (algorithm) => {
  test('gives both sides the same secret, and another one each time', () => {
    const secrets = [1, 2, 3].map(() => {
      const client = algorithm.start()
      const { serverValue, secret } = algorithm.respond(client.publicValue)
      expect(client.finish(serverValue)).toEqual(secret)
      return secret.bytes.toString('hex')
    })
    expect(new Set(secrets).size).toBe(3)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['zero', Buffer.alloc(1)],
    ['one', Buffer.from([1])],
    ['32 zeros', Buffer.alloc(32)],
    ['too much', Buffer.alloc(2048, 0xff)],
  ])('refuses %s as a public value, on either side', (_what, value) => {
    expect(() => algorithm.respond(value)).toThrow(TransportError)
    expect(() => algorithm.start().finish(value)).toThrow(TransportError)
  })
})

test.each(KEX_ALGORITHMS.filter((algorithm) => !algorithm.valuesAreNumbers))(
  '$name refuses what is on no curve',
  (algorithm) => {
    for (const length of [64, 96, 132]) {
      const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(length, 7)])
      expect(() => algorithm.respond(point)).toThrow(TransportError)
      expect(() => algorithm.start().finish(point)).toThrow(TransportError)
    }
  },
)

test.each(['diffie-hellman-group14-sha256', 'diffie-hellman-group14-sha1'])(
  '%s refuses values without a secret',
  (name) => {
    const algorithm = KEX_ALGORITHMS.find((candidate) => candidate.name === name)
    const almost = Buffer.from(GROUP14_PRIME)
    almost[255] = 0xfe
    // p, p - 1 and p + something: RFC 4253 section 8 wants 1 < e < p - 1
    for (const value of [GROUP14_PRIME, almost, Buffer.concat([Buffer.from([1]), GROUP14_PRIME])]) {
      expect(() => algorithm?.respond(value)).toThrow(TransportError)
    }
  },
)

test('the hybrid refuses an exchange whose classic half is of small order', () => {
  const hybrid = KEX_ALGORITHMS.find((candidate) => candidate.name === 'mlkem768x25519-sha256')
  const client = hybrid?.start()
  const value = Buffer.from(client?.publicValue ?? '')
  value.fill(0, 1184)
  expect(() => hybrid?.respond(value)).toThrow(TransportError)
})

test('a runtime without ML-KEM is noticed, not stumbled over', () => {
  const generate = () => {
    throw new TypeError("The argument 'type' must be a supported key type. Received 'ml-kem-768'")
  }
  expect(hasMlkem(generate)).toBe(false)
  expect(hasMlkem()).toBe(true)
})
