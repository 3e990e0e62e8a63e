import { createRequire } from 'node:module'

/** One direction of one connection inside the addon; the collector frees it. */
declare const direction: unique symbol
export type NativeDirection = { readonly [direction]: true }

/** The addon of `native/aes-gcm.c`. */
export interface NativeGcm {
  /** @param key  16 or 32 bytes  @param nonce  12 bytes, copied */
  create(key: Buffer, nonce: Buffer, seals: boolean): NativeDirection
  /**
   * Seals or opens, in place, the packets that lie back to back in `bytes[from, to)`.
   * @returns where the last of them ends: before `to` when the tag of one is wrong
   */
  run(direction: NativeDirection, bytes: Buffer, from: number, to: number): number
  /**
   * Seals the one packet in `bytes[from, to)`, whose bytes from `at` on are read from `source`. Missing in an addon that was built before an update.
   * @returns `to`, or less when it failed
   */
  sealFrom?(
    direction: NativeDirection,
    bytes: Buffer,
    from: number,
    to: number,
    at: number,
    source: Buffer,
    sourceFrom: number,
    byteCount: number,
  ): number
}

/** AES-128, key and nonce of zeros: length | 16 zeros, sealed | tag. */
const KNOWN_ANSWER = '000000100388dace60b6a392f328c2b971b2fe787bde8df968656abf7d473d1aacc6b7c5'

/**
 * The addon, where the install could build it; undefined elsewhere, and node:crypto does the same work at several times the cost
 * (docs/adr/0010-aes-gcm-addon.md).
 */
export const nativeGcm: NativeGcm | undefined = load()

function load(): NativeGcm | undefined {
  try {
    const addon = createRequire(import.meta.url)('../../../native/aes-gcm.node') as NativeGcm
    return knowsItsTrade(addon) ? addon : undefined
  } catch {
    // Not built, or built for another runtime: it is an offer, not a need.
    return undefined
  }
}

/** Whoever brings another OpenSSL shall not find out with somebody's bytes. */
function knowsItsTrade(addon: NativeGcm): boolean {
  const packet = Buffer.alloc(4 + 16 + 16)
  packet.writeUInt32BE(16, 0)
  const sealer = addon.create(Buffer.alloc(16), Buffer.alloc(12), true)
  return addon.run(sealer, packet, 0, packet.length) === packet.length && packet.toString('hex') === KNOWN_ANSWER
}
