import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { CipherAlgorithm, Opener, Sealer } from './cipher.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const BLOCK_BYTES = 16

/** The nonce's last eight bytes count packets (RFC 5647 section 7.1). */
function increment(nonce: Buffer): void {
  for (let index = NONCE_BYTES - 1; index >= 4; index -= 1) {
    const next = ((nonce[index] ?? 0) + 1) & 0xff
    nonce[index] = next
    if (next !== 0) return
  }
}

function createSealer(cipher: 'aes-128-gcm' | 'aes-256-gcm', key: Buffer, nonce: Buffer): Sealer {
  return {
    blockBytes: BLOCK_BYTES,
    lengthApart: true,
    tagBytes: TAG_BYTES,
    seal(slab, from, to) {
      for (let at = from; at < to; ) {
        const bodyEnd = at + 4 + slab.readUInt32BE(at)
        const gcm = createCipheriv(cipher, key, nonce)
        gcm.setAAD(slab.subarray(at, at + 4))
        gcm.update(slab.subarray(at + 4, bodyEnd)).copy(slab, at + 4)
        gcm.final()
        gcm.getAuthTag().copy(slab, bodyEnd)
        increment(nonce)
        at = bodyEnd + TAG_BYTES
      }
    },
  }
}

function createOpener(cipher: 'aes-128-gcm' | 'aes-256-gcm', key: Buffer, nonce: Buffer): Opener {
  return {
    headBytes: 4,
    tagBytes: TAG_BYTES,
    blockBytes: BLOCK_BYTES,
    lengthApart: true,
    packetLength: (bytes, at) => bytes.readUInt32BE(at),
    open(bytes, at, length) {
      const bodyEnd = at + 4 + length
      const gcm = createDecipheriv(cipher, key, nonce)
      gcm.setAAD(bytes.subarray(at, at + 4))
      gcm.setAuthTag(bytes.subarray(bodyEnd, bodyEnd + TAG_BYTES))
      const plain = gcm.update(bytes.subarray(at + 4, bodyEnd))
      try {
        gcm.final()
      } catch {
        // The only thing that final can fail at here is the tag.
        return undefined
      }
      increment(nonce)
      return plain
    },
  }
}

const aesGcm = (name: string, cipher: 'aes-128-gcm' | 'aes-256-gcm', keyBytes: number): CipherAlgorithm => ({
  name,
  isAead: true,
  createSealer: (keys) => createSealer(cipher, keys.key(keyBytes), keys.iv(NONCE_BYTES)),
  createOpener: (keys) => createOpener(cipher, keys.key(keyBytes), keys.iv(NONCE_BYTES)),
})

/** RFC 5647 as OpenSSH uses it: the length stays open and is authenticated. */
export const AES_GCM_CIPHERS: readonly CipherAlgorithm[] = [
  aesGcm('aes128-gcm@openssh.com', 'aes-128-gcm', 16),
  aesGcm('aes256-gcm@openssh.com', 'aes-256-gcm', 32),
]
