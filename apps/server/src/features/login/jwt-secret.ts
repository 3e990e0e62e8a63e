import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readSecretFile, writeFileAtomic } from '@rport/host'
import { type Logger, Secret } from '@rport/kit'

/**
 * The key that signs tokens: the configured one, or one of 256 random bits that is kept in the data folder, so that tokens
 * survive a restart. Two nodes of one fleet need the same configured one.
 */
export async function loadJwtSecret(options: {
  readonly configured: Secret | undefined
  readonly dataDir: string
  readonly log: Logger
}): Promise<Secret> {
  if (options.configured) return options.configured
  const path = join(options.dataDir, 'jwt_secret')
  const kept = await readSecretFile(path, { log: options.log })
  if (kept) return kept
  const made = randomBytes(32).toString('hex')
  await writeFileAtomic(path, `${made}\n`, { mode: 0o600 })
  return new Secret(made)
}
