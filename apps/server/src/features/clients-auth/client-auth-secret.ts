import { createHash, randomBytes } from 'node:crypto'
import { classifyStoredPassword, type Passwords } from '../../passwords/index.ts'
import { isSameSecret } from './same-secret.ts'

/**
 * How a secret of an agent is stored.
 * `sha256$salt$digest`: for secrets that we generated. They carry more than 128 random bits, nobody can guess them from a
 * fast hash, and ten thousand agents that come back at once cost no time.
 * `$argon2id$…`: for secrets that a person chose.
 */
const PREFIX = 'sha256$'

/** @param secret one of ours, of at least 128 random bits; anything else must be hashed as chosen */
export function hashGeneratedSecret(secret: string): string {
  const salt = randomBytes(16).toString('base64url')
  return `${PREFIX}${salt}$${digestOf(salt, secret)}`
}

/** Whether the secret is the stored one. @throws LimiterFull */
export async function verifyClientSecret(passwords: Passwords, stored: string, secret: string): Promise<boolean> {
  if (!stored.startsWith(PREFIX)) return passwords.verify(classifyStoredPassword(stored), secret, 'argon2id')
  const [salt = '', digest = ''] = stored.slice(PREFIX.length).split('$')
  return isSameSecret(digestOf(salt, secret), digest)
}

const digestOf = (salt: string, secret: string): string =>
  createHash('sha256').update(`${salt}$${secret}`).digest('base64url')
