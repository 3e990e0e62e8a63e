import crypto, {
  createDiffieHellmanGroup,
  createECDH,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { TransportError } from '../../errors.ts'

/** The shared secret as it enters the hash, and how: as a number, or (ML-KEM hybrid) as a string. */
export interface SharedSecret {
  readonly bytes: Buffer
  readonly encoding: 'mpint' | 'string'
}

/** The client's half of one exchange: a public value out, the server's value in, a secret. */
export interface KexClient {
  readonly publicValue: Buffer
  finish(serverValue: Buffer): SharedSecret
}

/** One way to agree on a secret. */
export interface KexAlgorithm {
  readonly name: string
  readonly hash: 'sha256' | 'sha384' | 'sha512' | 'sha1'
  /** Public values travel as numbers (classic Diffie-Hellman) instead of strings. */
  readonly valuesAreNumbers: boolean
  start(): KexClient
  /** The server's whole part: a value to send and the secret. */
  respond(clientValue: Buffer): { serverValue: Buffer; secret: SharedSecret }
}

const bad = (what: string, cause?: unknown): TransportError =>
  new TransportError('protocol-error', `key exchange: ${what}`, { cause })

/** Node 26 reads and writes raw keys; its type declarations do not know it yet. */
const rawPublic = (key: KeyObject): Buffer => key.export({ format: 'raw-public' } as never) as unknown as Buffer
const fromRaw = (bytes: Buffer, asymmetricKeyType: string): KeyObject =>
  createPublicKey({ key: bytes, format: 'raw-public', asymmetricKeyType } as never)

const X25519_BYTES = 32

function x25519Secret(privateKey: KeyObject, peerValue: Buffer): Buffer {
  if (peerValue.length !== X25519_BYTES) throw bad(`public value of ${peerValue.length} bytes, 32 expected`)
  try {
    // The runtime refuses points of small order by itself: a secret of zeros never comes out (RFC 8731 section 3).
    return diffieHellman({ privateKey, publicKey: fromRaw(peerValue, 'x25519') })
  } catch (cause) {
    throw bad('invalid public value', cause)
  }
}

const curve25519 = (name: string): KexAlgorithm => ({
  name,
  hash: 'sha256',
  valuesAreNumbers: false,
  start() {
    const pair = generateKeyPairSync('x25519')
    return {
      publicValue: rawPublic(pair.publicKey),
      finish: (serverValue) => ({ bytes: x25519Secret(pair.privateKey, serverValue), encoding: 'mpint' }),
    }
  },
  respond(clientValue) {
    const pair = generateKeyPairSync('x25519')
    const bytes = x25519Secret(pair.privateKey, clientValue)
    return { serverValue: rawPublic(pair.publicKey), secret: { bytes, encoding: 'mpint' } }
  },
})

/** What the runtime's two kinds of Diffie-Hellman have in common. */
interface Half {
  generateKeys(): Buffer
  computeSecret(peerValue: Buffer): Buffer
}

/** Both sides do the same: a value of their own, and a secret out of the other's. */
const diffieHellmanOf = (
  facts: Pick<KexAlgorithm, 'name' | 'hash' | 'valuesAreNumbers'>,
  createHalf: () => Half,
): KexAlgorithm => {
  const exchange = () => {
    const half = createHalf()
    const publicValue = half.generateKeys()
    const finish = (peerValue: Buffer): SharedSecret => {
      try {
        return { bytes: half.computeSecret(peerValue), encoding: 'mpint' }
      } catch (cause) {
        throw bad('invalid public value', cause)
      }
    }
    return { publicValue, finish }
  }
  return {
    ...facts,
    start: exchange,
    respond(clientValue) {
      const { publicValue, finish } = exchange()
      return { serverValue: publicValue, secret: finish(clientValue) }
    },
  }
}

const nistCurve = (name: string, curve: string, hash: KexAlgorithm['hash']): KexAlgorithm =>
  diffieHellmanOf({ name, hash, valuesAreNumbers: false }, () => createECDH(curve))

const group14 = (name: string, hash: KexAlgorithm['hash']): KexAlgorithm =>
  diffieHellmanOf({ name, hash, valuesAreNumbers: true }, () => createDiffieHellmanGroup('modp14'))

const MLKEM_PUBLIC_BYTES = 1184
const MLKEM_CIPHERTEXT_BYTES = 1088

/**
 * mlkem768x25519-sha256: safe against recordings that a quantum computer reads later.
 * Client value: ML-KEM public key ‖ X25519 point; server value: ciphertext ‖ point; secret: SHA-256(kem ‖ dh) as a string.
 * @see draft-ietf-sshm-mlkem-hybrid-kex
 */
const mlkem768x25519: KexAlgorithm = {
  name: 'mlkem768x25519-sha256',
  hash: 'sha256',
  valuesAreNumbers: false,
  start() {
    const kem = generateKeyPairSync('ml-kem-768' as never) as unknown as { publicKey: KeyObject; privateKey: KeyObject }
    const dh = generateKeyPairSync('x25519')
    return {
      publicValue: Buffer.concat([rawPublic(kem.publicKey), rawPublic(dh.publicKey)]),
      finish(serverValue) {
        if (serverValue.length !== MLKEM_CIPHERTEXT_BYTES + X25519_BYTES) throw bad('wrong length of the hybrid value')
        const kemSecret = crypto.decapsulate(kem.privateKey, serverValue.subarray(0, MLKEM_CIPHERTEXT_BYTES))
        return hybridSecret(kemSecret, x25519Secret(dh.privateKey, serverValue.subarray(MLKEM_CIPHERTEXT_BYTES)))
      },
    }
  },
  respond(clientValue) {
    if (clientValue.length !== MLKEM_PUBLIC_BYTES + X25519_BYTES) throw bad('wrong length of the hybrid value')
    let sealed: { sharedKey: Buffer; ciphertext: Buffer }
    try {
      sealed = crypto.encapsulate(fromRaw(clientValue.subarray(0, MLKEM_PUBLIC_BYTES), 'ml-kem-768')) as typeof sealed
    } catch (cause) {
      throw bad('invalid ML-KEM key', cause)
    }
    const dh = generateKeyPairSync('x25519')
    const dhSecret = x25519Secret(dh.privateKey, clientValue.subarray(MLKEM_PUBLIC_BYTES))
    return {
      serverValue: Buffer.concat([sealed.ciphertext, rawPublic(dh.publicKey)]),
      secret: hybridSecret(sealed.sharedKey, dhSecret),
    }
  },
}

const hybridSecret = (kemSecret: Buffer, dhSecret: Buffer): SharedSecret => ({
  bytes: createHash('sha256').update(kemSecret).update(dhSecret).digest(),
  encoding: 'string',
})

/**
 * Whether this runtime knows ML-KEM; one without it (its cryptography may be the system's) offers the classic exchanges only.
 * @param generate  stands in for the runtime in tests
 */
export function hasMlkem(generate: (type: never) => unknown = generateKeyPairSync): boolean {
  try {
    generate('ml-kem-768' as never)
    // Imported by name, a missing function would keep the program from starting.
    return typeof crypto.encapsulate === 'function' && typeof crypto.decapsulate === 'function'
  } catch {
    // The runtime says by throwing that it does not know the algorithm: that is the answer.
    return false
  }
}

/** All exchanges, best first. The names behind the first are what agents in the field offer (wire-protocol 2.2). */
export const KEX_ALGORITHMS: readonly KexAlgorithm[] = [
  ...(hasMlkem() ? [mlkem768x25519] : []),
  curve25519('curve25519-sha256'),
  curve25519('curve25519-sha256@libssh.org'),
  nistCurve('ecdh-sha2-nistp256', 'prime256v1', 'sha256'),
  nistCurve('ecdh-sha2-nistp384', 'secp384r1', 'sha384'),
  nistCurve('ecdh-sha2-nistp521', 'secp521r1', 'sha512'),
  group14('diffie-hellman-group14-sha256', 'sha256'),
  group14('diffie-hellman-group14-sha1', 'sha1'),
]
