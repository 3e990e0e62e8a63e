import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts a text and binds it to its place: it opens with the same key and the same `place` only, so that nobody can move
 * a value to a row that more people may read.
 * @returns base64 of nonce (12 bytes, random), ciphertext and tag (16 bytes). @see NIST SP 800-38D
 */
export function seal(key: KeyObject, text: string, place: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce)
  cipher.setAAD(Buffer.from(place, 'utf8'))
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** Opens what `seal` made; undefined when key, place or value are not the right ones. */
export const unseal = (key: KeyObject, sealed: string, place: string): string | undefined =>
  open(key, sealed, Buffer.from(place, 'utf8'))?.toString('utf8')

/** compat: opens a value of the original's vault, which is bound to nothing. */
export const unsealOriginal = (key: KeyObject, sealed: string): string | undefined =>
  open(key, sealed, undefined)?.toString('utf8')

function open(key: KeyObject, sealed: string, place: Buffer | undefined): Buffer | undefined {
  const bytes = Buffer.from(sealed, 'base64')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    if (place) decipher.setAAD(place)
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()])
  } catch {
    return undefined // the tag does not fit: which of key, place and value is wrong cannot be told
  }
}
