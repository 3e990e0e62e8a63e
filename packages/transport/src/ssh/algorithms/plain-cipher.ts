import type { Opener, Sealer } from './cipher.ts'

/** Before the first keys: packets travel open, padded to eight bytes (RFC 4253 section 6). */
export const plainSealer: Sealer = { blockBytes: 8, lengthApart: false, tagBytes: 0, seal: () => undefined }

export const plainOpener: Opener = {
  headBytes: 4,
  tagBytes: 0,
  blockBytes: 8,
  lengthApart: false,
  packetLength: (bytes, at) => bytes.readUInt32BE(at),
  open: () => true,
}
