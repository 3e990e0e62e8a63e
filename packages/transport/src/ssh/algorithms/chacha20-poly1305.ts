import { timingSafeEqual } from 'node:crypto'
import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { chacha20orig } from '@noble/ciphers/chacha.js'
import type { CipherAlgorithm, DirectionKeys, Opener, Sealer } from './cipher.ts'

const TAG_BYTES = 16
const KEY_BYTES = 64

/** The nonce is the packet's sequence number as eight big-endian bytes. */
function nonceOf(sequence: number): Buffer {
  const nonce = Buffer.alloc(8)
  nonce.writeUInt32BE(sequence >>> 0, 4)
  return nonce
}

/** The one-time key of the tag is the first 32 bytes of block 0; the packet is encrypted from block 1 on. */
const tagOf = (mainKey: Buffer, nonce: Buffer, sealed: Buffer): Uint8Array =>
  poly1305(sealed, chacha20orig(mainKey, nonce, new Uint8Array(32)))

function createSealer(keys: DirectionKeys): Sealer {
  const key = keys.key(KEY_BYTES)
  const mainKey = key.subarray(0, 32)
  const lengthKey = key.subarray(32)
  return {
    blockBytes: 8,
    lengthApart: true,
    tagBytes: TAG_BYTES,
    seal(slab, from, to, sequence) {
      let number = sequence
      for (let at = from; at < to; number += 1) {
        const bodyEnd = at + 4 + slab.readUInt32BE(at)
        const nonce = nonceOf(number)
        slab.set(chacha20orig(lengthKey, nonce, slab.subarray(at, at + 4)), at)
        slab.set(chacha20orig(mainKey, nonce, slab.subarray(at + 4, bodyEnd), undefined, 1), at + 4)
        slab.set(tagOf(mainKey, nonce, slab.subarray(at, bodyEnd)), bodyEnd)
        at = bodyEnd + TAG_BYTES
      }
    },
  }
}

function createOpener(keys: DirectionKeys): Opener {
  const key = keys.key(KEY_BYTES)
  const mainKey = key.subarray(0, 32)
  const lengthKey = key.subarray(32)
  return {
    headBytes: 4,
    tagBytes: TAG_BYTES,
    blockBytes: 8,
    lengthApart: true,
    packetLength: (bytes, at, sequence) =>
      Buffer.from(chacha20orig(lengthKey, nonceOf(sequence), bytes.subarray(at, at + 4))).readUInt32BE(0),
    open(bytes, at, length, sequence) {
      const bodyEnd = at + 4 + length
      const nonce = nonceOf(sequence)
      const expected = tagOf(mainKey, nonce, bytes.subarray(at, bodyEnd))
      if (!timingSafeEqual(expected, bytes.subarray(bodyEnd, bodyEnd + TAG_BYTES))) return false
      bytes.set(chacha20orig(mainKey, nonce, bytes.subarray(at + 4, bodyEnd), undefined, 1), at + 4)
      return true
    },
  }
}

/** chacha20-poly1305@openssh.com (OpenSSH PROTOCOL.chacha20poly1305). Slow here; for peers that offer nothing else. */
export const CHACHA20_POLY1305: CipherAlgorithm = {
  name: 'chacha20-poly1305@openssh.com',
  isAead: true,
  createSealer,
  createOpener,
}
