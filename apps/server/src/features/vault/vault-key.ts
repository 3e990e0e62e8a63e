import { type Argon2Parameters, argon2, createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

/** How a key follows from a password. */
export interface KeyDerivation {
  readonly salt: Buffer
  readonly memoryKib: number
  readonly passes: number
}

/** Unlocking happens once a start: it may cost more than a login. About 150 ms on a server's core. */
const MEMORY_KIB = 65_536
const PASSES = 3
const SALT_BYTES = 16
/** What a stored derivation may ask for; more could come only from somebody who wants to keep this machine busy. */
const MAX_MEMORY_KIB = 1_048_576
const MAX_PASSES = 20
const KEY_BYTES = 32

const derive: (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer> = promisify(argon2)

/** Today's parameters with a new salt. */
export const newDerivation = (): KeyDerivation => ({
  salt: randomBytes(SALT_BYTES),
  memoryKib: MEMORY_KIB,
  passes: PASSES,
})

/** The key of a password, computed off the main thread. @throws RangeError when the parameters are out of bounds */
export async function deriveKey(password: string, { salt, memoryKib, passes }: KeyDerivation): Promise<KeyObject> {
  if (memoryKib > MAX_MEMORY_KIB || passes > MAX_PASSES) {
    throw new RangeError(`the vault asks for ${memoryKib} KiB and ${passes} passes, which is beyond all bounds`)
  }
  const bytes = await derive('argon2id', {
    message: password,
    nonce: salt,
    parallelism: 1,
    tagLength: KEY_BYTES,
    memory: memoryKib,
    passes,
  })
  return createSecretKey(bytes)
}

/** compat: the key of the original's vault, SHA-256 of the password. For reading it only. */
export const originalKey = (password: string): KeyObject =>
  createSecretKey(createHash('sha256').update(password, 'utf8').digest())
