import type { NativeGcm } from './native-gcm.ts'

/** Seals outgoing packets. One per direction and key; owns the nonce or counter. */
export interface Sealer {
  /** The packet (or, where the length is sealed apart, the packet without it) is padded to a multiple of this. */
  readonly blockBytes: number
  /** Whether the four length bytes stay out of the padded part: true for AEAD and encrypt-then-MAC. */
  readonly lengthApart: boolean
  /** Room behind each packet for its tag. */
  readonly tagBytes: number
  /**
   * Seals in place every packet that lies back to back in `slab[from, to)`:
   * uint32 length | byte padding length | payload | padding | tag (room).
   * @param sequence  number of the first of these packets
   */
  seal(slab: Buffer, from: number, to: number, sequence: number): void
  /**
   * Seals the one packet at `slab[from, to)`, whose bytes from `at` on come from elsewhere: `source[sourceFrom, sourceFrom + byteCount)`.
   * They are read once, and not copied before. Only where that is quicker than copying.
   */
  sealFrom?(
    slab: Buffer,
    from: number,
    to: number,
    at: number,
    source: Buffer,
    sourceFrom: number,
    byteCount: number,
  ): void
}

/** Opens incoming packets. */
export interface Opener {
  /** Bytes that must be there before `packetLength` can tell. */
  readonly headBytes: number
  readonly tagBytes: number
  readonly blockBytes: number
  readonly lengthApart: boolean
  /** The packet's length, without its own four bytes and the tag. Called exactly once per packet; may change the head in place. */
  packetLength(bytes: Buffer, at: number, sequence: number): number
  /**
   * Checks the tag and decrypts the packet at `at`, whose `length` was told before, in place: uint32 length | byte padding length | payload | padding.
   * @returns whether the tag is right; nothing of a packet with a wrong one may be looked at
   */
  open(bytes: Buffer, at: number, length: number, sequence: number): boolean
}

/** Keys of one direction, as RFC 4253 section 7.2 derives them. `derive` gives as many bytes as asked for. */
export interface DirectionKeys {
  iv(byteCount: number): Buffer
  key(byteCount: number): Buffer
  macKey(byteCount: number): Buffer
}

export interface CipherAlgorithm {
  readonly name: string
  /** AEAD ciphers need no MAC; the negotiated one is ignored (RFC 5647 section 5.1 as OpenSSH reads it). */
  readonly isAead: boolean
  /** @param native  does the work of AES-GCM, if given */
  createSealer(keys: DirectionKeys, mac: MacAlgorithm | undefined, native?: NativeGcm): Sealer
  createOpener(keys: DirectionKeys, mac: MacAlgorithm | undefined, native?: NativeGcm): Opener
}

export interface MacAlgorithm {
  readonly name: string
  readonly hash: string
  readonly keyBytes: number
  /** Bytes that travel; may be fewer than the hash gives. */
  readonly tagBytes: number
  readonly encryptThenMac: boolean
}
