import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** OWASP's first choice: 19 MiB, two passes, one lane; about 30 ms on a server's core. */
const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const TAG_BYTES = 32

/** What a stored hash may ask for: more could come only from somebody who wants to keep this machine busy. */
const MAX_MEMORY_KIB = 262_144
const MAX_PASSES = 10
const MAX_LANES = 4

const derive: (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer> = promisify(argon2)

/** @returns PHC text, `$argon2id$v=19$m=…,t=…,p=…$salt$tag`; computed off the main thread. @see RFC 9106 */
export async function hashArgon2id(password: string): Promise<string> {
  const nonce = randomBytes(SALT_BYTES)
  const tag = await derive('argon2id', {
    message: password,
    nonce,
    parallelism: LANES,
    tagLength: TAG_BYTES,
    memory: MEMORY_KIB,
    passes: PASSES,
  })
  return `${TODAY}${unpadded(nonce)}$${unpadded(tag)}`
}

/** Whether the password belongs to the hash; false for a text that is no such hash or asks for too much. */
export async function verifyArgon2id(hash: string, password: string): Promise<boolean> {
  const parsed = parse(hash)
  if (!parsed) return false
  const { tag, ...parameters } = parsed
  const found = await derive('argon2id', { message: password, tagLength: tag.length, ...parameters })
  return timingSafeEqual(found, tag)
}

const TODAY = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$`

/** Whether the hash was made with today's parameters. */
export const isCurrentArgon2id = (hash: string): boolean => hash.startsWith(TODAY)

/** A hash that no password belongs to, of the same cost as a real one. */
export const NOBODYS_ARGON2ID = `${TODAY}${unpadded(Buffer.alloc(SALT_BYTES))}$${unpadded(Buffer.alloc(TAG_BYTES))}`

function parse(hash: string) {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{22,88})$/.exec(hash)
  if (!match) return undefined
  const [memory, passes, parallelism] = [match[1], match[2], match[3]].map(Number) as [number, number, number]
  if (memory > MAX_MEMORY_KIB || passes > MAX_PASSES || parallelism > MAX_LANES) return undefined
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism) return undefined
  const nonce = Buffer.from(match[4] ?? '', 'base64')
  const tag = Buffer.from(match[5] ?? '', 'base64')
  return { memory, passes, parallelism, nonce, tag }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
