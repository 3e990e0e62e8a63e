import { isCurrentArgon2id } from './argon2id.ts'

/** How passwords are written: `argon2id` in our own tables, `bcrypt` where the original reads along. */
export type HashAlgorithm = 'argon2id' | 'bcrypt'

/** What is stored for somebody. Never leaves the server, never enters a log. */
export interface StoredPassword {
  /**
   * `plain`: clear text found where hashes are expected; the original accepts it, and checking it takes as long as a hash.
   * `configured`: clear text out of the configuration, where there are no hashes to hide it among.
   */
  readonly kind: HashAlgorithm | 'plain' | 'configured'
  readonly text: string
}

/**
 * Tells hashes from clear text by their prefix.
 * compat: the original takes `$2a$` and `$2b$` for clear text, so that whoever reads the table can log in with the hash itself.
 */
export function classifyStoredPassword(text: string): StoredPassword {
  if (text.startsWith('$argon2id$')) return { kind: 'argon2id', text }
  return { kind: /^\$2[abxy]\$/.test(text) ? 'bcrypt' : 'plain', text }
}

/** Whether the password should be written anew, now that it is known, to be stored as `algorithm`. */
export function needsRehash(stored: StoredPassword, algorithm: HashAlgorithm): boolean {
  if (stored.kind !== algorithm) return true
  return algorithm === 'argon2id' && !isCurrentArgon2id(stored.text)
}
