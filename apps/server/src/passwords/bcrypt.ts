import { hash, parseOptions, verify } from '@node-rs/bcrypt'

/** What the original writes; a way back to it must stay open. */
const COST = 10
const PREFIX = '2y'
/** 2^15 rounds are two seconds: a stored hash that asks for more is refused, not computed. */
const MAX_COST = 15

/** bcrypt looks at so many bytes of a password and ignores the rest. */
export const BCRYPT_MAX_BYTES = 72

/**
 * @returns `$2y$10$…`; computed off the main thread
 * @throws  RangeError for more than 72 bytes: the rest would not count
 */
export async function hashBcrypt(password: string): Promise<string> {
  if (Buffer.byteLength(password) > BCRYPT_MAX_BYTES) throw new RangeError('password is longer than 72 bytes')
  return hash(password, { cost: COST, version: PREFIX })
}

/** Whether the password belongs to the hash; false for a text that is no bcrypt hash or asks for too much. */
export async function verifyBcrypt(stored: string, password: string): Promise<boolean> {
  try {
    if (parseOptions(stored).cost > MAX_COST) return false
  } catch {
    return false // no bcrypt hash after all: nothing belongs to it
  }
  return verify(password, stored)
}

/** A hash that no password belongs to, of the same cost as the ones that we write. */
export const NOBODYS_BCRYPT = `$${PREFIX}$${COST}$${'.'.repeat(22)}${'.'.repeat(31)}`
