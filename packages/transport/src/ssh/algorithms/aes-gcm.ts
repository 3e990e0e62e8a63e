import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { CipherAlgorithm, Opener, Sealer } from './cipher.ts'
import type { NativeGcm } from './native-gcm.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const BLOCK_BYTES = 16
const SHAPE = { blockBytes: BLOCK_BYTES, lengthApart: true, tagBytes: TAG_BYTES } as const

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
    ...SHAPE,
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
    ...SHAPE,
    headBytes: 4,
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
        return false
      }
      plain.copy(bytes, at + 4)
      increment(nonce)
      return true
    },
  }
}

function createNativeSealer(native: NativeGcm, key: Buffer, nonce: Buffer): Sealer {
  const direction = native.create(key, nonce, true)
  const sealer: Sealer = {
    ...SHAPE,
    seal(slab, from, to) {
      // What is not sealed must not leave.
      if (native.run(direction, slab, from, to) !== to) throw new Error('packets could not be sealed')
    },
  }
  const { sealFrom } = native
  if (!sealFrom) return sealer
  return {
    ...sealer,
    sealFrom(slab, from, to, at, source, sourceFrom, byteCount) {
      const end = sealFrom(direction, slab, from, to, at, source, sourceFrom, byteCount)
      if (end !== to) throw new Error('a packet could not be sealed')
    },
  }
}

function createNativeOpener(native: NativeGcm, key: Buffer, nonce: Buffer): Opener {
  const direction = native.create(key, nonce, false)
  return {
    ...SHAPE,
    headBytes: 4,
    packetLength: (bytes, at) => bytes.readUInt32BE(at),
    open(bytes, at, length) {
      const end = at + 4 + length + TAG_BYTES
      return native.run(direction, bytes, at, end) === end
    },
  }
}

const aesGcm = (name: string, cipher: 'aes-128-gcm' | 'aes-256-gcm', keyBytes: number): CipherAlgorithm => ({
  name,
  isAead: true,
  createSealer(keys, _mac, native) {
    const key = keys.key(keyBytes)
    const nonce = keys.iv(NONCE_BYTES)
    return native ? createNativeSealer(native, key, nonce) : createSealer(cipher, key, nonce)
  },
  createOpener(keys, _mac, native) {
    const key = keys.key(keyBytes)
    const nonce = keys.iv(NONCE_BYTES)
    return native ? createNativeOpener(native, key, nonce) : createOpener(cipher, key, nonce)
  },
})

/** RFC 5647 as OpenSSH uses it: the length stays open and is authenticated. */
export const AES_GCM_CIPHERS: readonly CipherAlgorithm[] = [
  aesGcm('aes128-gcm@openssh.com', 'aes-128-gcm', 16),
  aesGcm('aes256-gcm@openssh.com', 'aes-256-gcm', 32),
]
