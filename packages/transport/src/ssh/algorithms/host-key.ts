import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { TransportError } from '../../errors.ts'
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'

/** The server's key. Agents know it by its fingerprint. */
export interface HostKey {
  readonly algorithm: 'ecdsa-sha2-nistp256'
  /** Public key as SSH writes it (RFC 5656 section 3.1). */
  readonly publicBlob: Buffer
  readonly fingerprint: string
  sign(data: Buffer): Buffer
}

/** Order of NIST P-256. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const SEED_ROUNDS = 2048
const SCALAR_SOURCE_BYTES = 40

/**
 * The host key that belongs to a seed, the same for every build and every server of the family.
 * @param seed  `server.key_seed`; must not be empty
 * @see         wire-protocol 2.5 (fact of the original; three vectors are tests)
 */
export function hostKeyFromSeed(seed: string): HostKey {
  if (seed === '') throw new RangeError('key_seed is empty: an empty seed gives no lasting host key')
  let state = Buffer.from(seed, 'utf8')
  for (let round = 0; round < SEED_ROUNDS; round += 1) state = sha512(state).subarray(0, 32)
  const blocks: Buffer[] = []
  for (let block = 0; block < 2; block += 1) {
    const digest = sha512(state)
    state = digest.subarray(0, 32)
    blocks.push(digest.subarray(32))
  }
  const source = Buffer.concat(blocks).subarray(0, SCALAR_SOURCE_BYTES)
  const scalar = (BigInt(`0x${source.toString('hex')}`) % (P256_ORDER - 1n)) + 1n
  return hostKeyFromScalar(Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex'))
}

/** A key that nobody has seen before: for tests and for servers that shall not be recognised. */
export function randomHostKey(): HostKey {
  return hostKeyFromSeed(randomBytes(32).toString('hex'))
}

const sha512 = (data: Buffer): Buffer<ArrayBuffer> => createHash('sha512').update(data).digest()

function hostKeyFromScalar(scalar: Buffer): HostKey {
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(scalar)
  const point = curve.getPublicKey()
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: scalar.toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  // One key object for the life of the server: handing PEM text to the runtime costs a third of each handshake.
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const publicBlob = new ByteWriter().string('ecdsa-sha2-nistp256').string('nistp256').string(point).finish()
  return {
    algorithm: 'ecdsa-sha2-nistp256',
    publicBlob,
    fingerprint: fingerprintOf(publicBlob),
    sign(data) {
      const pair = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
      const numbers = new ByteWriter().mpint(pair.subarray(0, 32)).mpint(pair.subarray(32)).finish()
      return new ByteWriter().string('ecdsa-sha2-nistp256').string(numbers).finish()
    },
  }
}

/** MD5 of the public key as lower-case hex pairs joined by colons: the only form that agents in the field know. */
export const fingerprintOf = (publicBlob: Buffer): string =>
  createHash('md5')
    .update(publicBlob)
    .digest('hex')
    .replace(/(..)(?!$)/g, '$1:')

/** Whether a fingerprint is what the agent was told to expect: nothing, or a prefix in the same letter case (wire-protocol 2.6). */
export const fingerprintMatches = (fingerprint: string, expected: string): boolean => fingerprint.startsWith(expected)

/**
 * Host key algorithms that an agent accepts, best first. Left out of what the original lists: ssh-rsa and ssh-dss (SHA-1) and
 * certificates, which no server of the family has ever had (docs/compatibility.md).
 */
export const HOST_KEY_ALGORITHMS = [
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-ed25519',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const

interface EcCurve {
  readonly name: string
  readonly jwkName: string
  readonly hash: string
  readonly bytes: number
}
const EC_CURVES: Readonly<Record<string, EcCurve>> = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', jwkName: 'P-256', hash: 'sha256', bytes: 32 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', jwkName: 'P-384', hash: 'sha384', bytes: 48 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', jwkName: 'P-521', hash: 'sha512', bytes: 66 },
}
const MAX_RSA_BYTES = 2048
const MIN_RSA_BITS = 2048

/**
 * Checks the server's signature of the exchange hash.
 * @throws TransportError(protocol-error) for a key or signature that is not of the negotiated algorithm
 */
export function verifyHostKey(algorithm: string, publicBlob: Buffer, data: Buffer, signatureBlob: Buffer): boolean {
  const signature = new ByteReader(signatureBlob)
  if (signature.text(64) !== algorithm) throw mismatch('signature', algorithm)
  const signed = signature.string(MAX_RSA_BYTES)
  const blob = new ByteReader(publicBlob)
  const keyType = blob.text(64)
  const curve = EC_CURVES[algorithm]
  if (curve) {
    if (keyType !== algorithm || blob.text(64) !== curve.name) throw mismatch('key', algorithm)
    const numbers = new ByteReader(signed)
    const pair = Buffer.concat([
      leftPad(numbers.mpint(curve.bytes), curve.bytes),
      leftPad(numbers.mpint(curve.bytes), curve.bytes),
    ])
    return verify(
      curve.hash,
      data,
      { key: ecPublicKey(curve, blob.string(1 + 2 * curve.bytes)), dsaEncoding: 'ieee-p1363' },
      pair,
    )
  }
  if (algorithm === 'ssh-ed25519') {
    if (keyType !== algorithm) throw mismatch('key', algorithm)
    const key = publicKeyFrom({ kty: 'OKP', crv: 'Ed25519', x: blob.string(32).toString('base64url') })
    return verify(null, data, key, signed)
  }
  if (keyType !== 'ssh-rsa') throw mismatch('key', algorithm)
  const exponent = blob.mpint(8)
  const modulus = blob.mpint(MAX_RSA_BYTES)
  if (modulus.length * 8 < MIN_RSA_BITS)
    throw new TransportError('protocol-error', 'host key: RSA key is shorter than 2,048 bits')
  const key = publicKeyFrom({ kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') })
  return verify(algorithm === 'rsa-sha2-512' ? 'sha512' : 'sha256', data, key, signed)
}

function ecPublicKey(curve: EcCurve, point: Buffer): KeyObject {
  if (point[0] !== 4 || point.length !== 1 + 2 * curve.bytes) throw mismatch('point', curve.name)
  const x = point.subarray(1, 1 + curve.bytes).toString('base64url')
  const y = point.subarray(1 + curve.bytes).toString('base64url')
  return publicKeyFrom({ kty: 'EC', crv: curve.jwkName, x, y })
}

function publicKeyFrom(jwk: Record<string, string>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw new TransportError('protocol-error', 'host key: not a valid public key', { cause })
  }
}

const leftPad = (bytes: Buffer, length: number): Buffer =>
  Buffer.concat([Buffer.alloc(Math.max(0, length - bytes.length)), bytes])

const mismatch = (what: string, algorithm: string): TransportError =>
  new TransportError('protocol-error', `host key: ${what} does not fit ${algorithm}`)
