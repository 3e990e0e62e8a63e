import { createRequire } from 'node:module'

/** One direction of one connection inside the addon; the collector frees it. */
declare const direction: unique symbol
export type NativeDirection = { readonly [direction]: true }

/** AES-GCM by the addon of `native/`. */
export interface NativeGcm {
  /** @param key  16 or 32 bytes  @param nonce  12 bytes, copied */
  create(key: Buffer, nonce: Buffer, seals: boolean): NativeDirection
  /**
   * Seals or opens, in place, the packets that lie back to back in `bytes[from, to)`.
   * @returns where the last of them ends: before `to` when the tag of one is wrong
   */
  run(direction: NativeDirection, bytes: Buffer, from: number, to: number): number
}

interface Addon extends Pick<NativeGcm, 'run'> {
  /** Whether this processor has the vector instructions, and OpenSSL no wider ones. */
  readonly hasVectors: boolean
  readonly vectorsAreQuicker: boolean
  create(key: Buffer, nonce: Buffer, seals: boolean, byVectors: boolean): NativeDirection
}

/** AES-128, key and nonce of zeros: length | 16 zeros, sealed | tag. */
const KNOWN_ANSWER = '000000100388dace60b6a392f328c2b971b2fe787bde8df968656abf7d473d1aacc6b7c5'
/** Two steps of sixteen blocks and one of five: every way through the code for vectors. */
const LONG_BYTES = 37 * 16

/**
 * The ways of the addon that work here, the quicker one last; none where the install could not build it, and node:crypto does the same work
 * at several times the cost (docs/adr/0010-aes-gcm-addon.md).
 */
export const NATIVE_GCMS: readonly { readonly name: string; readonly gcm: NativeGcm }[] = load()

/** The one that is used. */
export const nativeGcm: NativeGcm | undefined = NATIVE_GCMS.at(-1)?.gcm

function load() {
  try {
    const addon = createRequire(import.meta.url)('../../../native/aes-gcm.node') as Addon
    const way = (name: string, byVectors: boolean) => ({
      name,
      gcm: {
        create: (key: Buffer, nonce: Buffer, seals: boolean) => addon.create(key, nonce, seals, byVectors),
        run: addon.run,
      },
    })
    const openssl = way('the addon', false)
    if (sealZeros(openssl.gcm, 16) !== KNOWN_ANSWER) return []
    const vectors = way('the addon and vectors', true)
    const isSame = addon.hasVectors && sealZeros(vectors.gcm, LONG_BYTES) === sealZeros(openssl.gcm, LONG_BYTES)
    if (!isSame) return [openssl]
    return addon.vectorsAreQuicker ? [openssl, vectors] : [vectors, openssl]
  } catch {
    // Not built, or built for another runtime: it is an offer, not a need.
    return []
  }
}

/** Whoever brings another OpenSSL or another processor shall not find out with somebody's bytes. */
function sealZeros(gcm: NativeGcm, byteCount: number): string {
  const packet = Buffer.alloc(4 + byteCount + 16)
  packet.writeUInt32BE(byteCount, 0)
  const end = gcm.run(gcm.create(Buffer.alloc(16), Buffer.alloc(12), true), packet, 0, packet.length)
  return end === packet.length ? packet.toString('hex') : ''
}
