import { createCipheriv, createDecipheriv, createHmac, type Hmac, timingSafeEqual } from 'node:crypto'
import { TransportError } from '../../errors.ts'
import type { CipherAlgorithm, MacAlgorithm, Opener, Sealer } from './cipher.ts'

const BLOCK_BYTES = 16

/** HMACs of RFC 6668, RFC 4253 and OpenSSH's encrypt-then-MAC forms, best first (wire-protocol 2.2). */
export const MAC_ALGORITHMS: readonly MacAlgorithm[] = [
  { name: 'hmac-sha2-256-etm@openssh.com', hash: 'sha256', keyBytes: 32, tagBytes: 32, encryptThenMac: true },
  { name: 'hmac-sha2-512-etm@openssh.com', hash: 'sha512', keyBytes: 64, tagBytes: 64, encryptThenMac: true },
  { name: 'hmac-sha2-256', hash: 'sha256', keyBytes: 32, tagBytes: 32, encryptThenMac: false },
  { name: 'hmac-sha2-512', hash: 'sha512', keyBytes: 64, tagBytes: 64, encryptThenMac: false },
  { name: 'hmac-sha1', hash: 'sha1', keyBytes: 20, tagBytes: 20, encryptThenMac: false },
  { name: 'hmac-sha1-96', hash: 'sha1', keyBytes: 20, tagBytes: 12, encryptThenMac: false },
]

/** MAC over uint32 sequence | bytes, cut to the algorithm's length. */
function tag(mac: MacAlgorithm, key: Buffer, sequence: number, ...parts: readonly Buffer[]): Buffer {
  const number = Buffer.allocUnsafe(4)
  number.writeUInt32BE(sequence >>> 0)
  const hmac: Hmac = createHmac(mac.hash, key).update(number)
  for (const part of parts) hmac.update(part)
  return hmac.digest().subarray(0, mac.tagBytes)
}

function createSealer(cipher: string, key: Buffer, iv: Buffer, mac: MacAlgorithm, macKey: Buffer): Sealer {
  const stream = createCipheriv(cipher, key, iv)
  return {
    blockBytes: BLOCK_BYTES,
    lengthApart: mac.encryptThenMac,
    tagBytes: mac.tagBytes,
    seal(slab, from, to, sequence) {
      let number = sequence
      for (let at = from; at < to; number += 1) {
        const bodyEnd = at + 4 + slab.readUInt32BE(at)
        const packet = slab.subarray(at, bodyEnd)
        if (mac.encryptThenMac) {
          stream.update(packet.subarray(4)).copy(slab, at + 4)
          tag(mac, macKey, number, packet).copy(slab, bodyEnd)
        } else {
          tag(mac, macKey, number, packet).copy(slab, bodyEnd)
          stream.update(packet).copy(slab, at)
        }
        at = bodyEnd + mac.tagBytes
      }
    },
  }
}

function createOpener(cipher: string, key: Buffer, iv: Buffer, mac: MacAlgorithm, macKey: Buffer): Opener {
  const stream = createDecipheriv(cipher, key, iv)
  const isGenuine = (bytes: Buffer, bodyEnd: number, expected: Buffer): boolean =>
    timingSafeEqual(expected, bytes.subarray(bodyEnd, bodyEnd + mac.tagBytes))
  const shape = { tagBytes: mac.tagBytes, blockBytes: BLOCK_BYTES, lengthApart: mac.encryptThenMac }
  if (mac.encryptThenMac) {
    return {
      ...shape,
      headBytes: 4,
      packetLength: (bytes, at) => bytes.readUInt32BE(at),
      open(bytes, at, length, sequence) {
        const bodyEnd = at + 4 + length
        if (!isGenuine(bytes, bodyEnd, tag(mac, macKey, sequence, bytes.subarray(at, bodyEnd)))) return false
        stream.update(bytes.subarray(at + 4, bodyEnd)).copy(bytes, at + 4)
        return true
      },
    }
  }
  return {
    ...shape,
    // The length is encrypted: the first block must be opened to learn it (RFC 4253 section 6.3).
    headBytes: BLOCK_BYTES,
    packetLength(bytes, at) {
      stream.update(bytes.subarray(at, at + BLOCK_BYTES)).copy(bytes, at)
      return bytes.readUInt32BE(at)
    },
    open(bytes, at, length, sequence) {
      const bodyEnd = at + 4 + length
      // The first block was opened for its length.
      stream.update(bytes.subarray(at + BLOCK_BYTES, bodyEnd)).copy(bytes, at + BLOCK_BYTES)
      return isGenuine(bytes, bodyEnd, tag(mac, macKey, sequence, bytes.subarray(at, bodyEnd)))
    },
  }
}

const aesCtr = (name: string, cipher: string, keyBytes: number): CipherAlgorithm => {
  const need = (mac: MacAlgorithm | undefined): MacAlgorithm => {
    if (!mac) throw new TransportError('protocol-error', `${name} was agreed on without a MAC`)
    return mac
  }
  return {
    name,
    isAead: false,
    createSealer: (keys, mac) =>
      createSealer(cipher, keys.key(keyBytes), keys.iv(BLOCK_BYTES), need(mac), keys.macKey(need(mac).keyBytes)),
    createOpener: (keys, mac) =>
      createOpener(cipher, keys.key(keyBytes), keys.iv(BLOCK_BYTES), need(mac), keys.macKey(need(mac).keyBytes)),
  }
}

/** RFC 4344 section 4 */
export const AES_CTR_CIPHERS: readonly CipherAlgorithm[] = [
  aesCtr('aes128-ctr', 'aes-128-ctr', 16),
  aesCtr('aes192-ctr', 'aes-192-ctr', 24),
  aesCtr('aes256-ctr', 'aes-256-ctr', 32),
]
