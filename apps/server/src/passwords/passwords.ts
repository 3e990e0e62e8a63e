import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { type Clock, MS_PER_MINUTE } from '@rport/kit'
import { hashArgon2id, NOBODYS_ARGON2ID, verifyArgon2id } from './argon2id.ts'
import { hashBcrypt, NOBODYS_BCRYPT, verifyBcrypt } from './bcrypt.ts'
import { createExpiringSet } from './expiring-set.ts'
import { createLimiter } from './limiter.ts'
import type { HashAlgorithm, StoredPassword } from './stored-password.ts'

/** Checks and hashes passwords off the main thread, a bounded number at once. */
export interface Passwords {
  /**
   * Whether `password` is the stored one. Takes equally long when there is nobody (`stored` undefined).
   * A right password is remembered for a minute, as a keyed digest of it and of what was stored: it is checked anew
   * as soon as anything else is stored.
   * @param store  how passwords are usually stored there; `configured` = clear text, compared without any hash
   * @throws       LimiterFull
   */
  verify(stored: StoredPassword | undefined, password: string, store: HashAlgorithm | 'configured'): Promise<boolean>
  /** @throws LimiterFull; RangeError for bcrypt and more than 72 bytes */
  hash(password: string, algorithm: HashAlgorithm): Promise<string>
}

export interface PasswordsOptions {
  readonly clock: Clock
  /** Checks that run at once. Default: one less than there are cores, at most 3: file access shares their threads. */
  readonly maxRunning?: number
  /** Checks that wait. */
  readonly maxWaiting?: number
}

export function createPasswords(options: PasswordsOptions): Passwords {
  const { clock } = options
  const limiter = createLimiter({
    maxRunning: options.maxRunning ?? Math.max(1, Math.min(3, availableParallelism() - 1)),
    maxWaiting: options.maxWaiting ?? 500,
  })
  const key = randomBytes(32)
  const right = createExpiringSet({ clock, lifetimeMs: MS_PER_MINUTE, maxEntries: 5000 })
  const underway = new Map<string, Promise<boolean>>()
  // A check of nobody costs what the last real one did: tables may hold hashes of another cost than ours.
  const nobody = { argon2id: NOBODYS_ARGON2ID, bcrypt: NOBODYS_BCRYPT }

  const digest = (...texts: string[]): Buffer => {
    const mac = createHmac('sha256', key)
    for (const text of texts) mac.update(`${Buffer.byteLength(text)}:${text}`)
    return mac.digest()
  }
  const isEqual = (left: string, other: string) => timingSafeEqual(digest(left), digest(other))
  const check = (algorithm: HashAlgorithm, hash: string, password: string) =>
    limiter.run(() => (algorithm === 'argon2id' ? verifyArgon2id(hash, password) : verifyBcrypt(hash, password)))
  const pretend = (algorithm: HashAlgorithm, password: string) => check(algorithm, nobody[algorithm], password)

  const checkStored = async (stored: StoredPassword, password: string, store: HashAlgorithm) => {
    if (stored.kind === 'argon2id' || stored.kind === 'bcrypt') {
      nobody[stored.kind] = stored.text
      return check(stored.kind, stored.text, password)
    }
    await pretend(store, password)
    return isEqual(stored.text, password)
  }

  return {
    async verify(stored, password, store) {
      if (stored?.kind === 'configured') return isEqual(stored.text, password)
      if (store === 'configured') return false
      if (!stored) {
        await pretend(store, password)
        return false
      }
      const id = digest(stored.text, password).toString('base64')
      if (right.has(id)) return true
      // A fleet that comes back with one credential asks the same question a thousand times: it is answered once.
      const running = underway.get(id)
      if (running !== undefined) return running
      const answer = checkStored(stored, password, store).finally(() => underway.delete(id))
      underway.set(id, answer)
      const isRight = await answer
      if (isRight) right.add(id)
      return isRight
    },
    hash: (password, algorithm) =>
      limiter.run(() => (algorithm === 'argon2id' ? hashArgon2id(password) : hashBcrypt(password))),
  }
}
