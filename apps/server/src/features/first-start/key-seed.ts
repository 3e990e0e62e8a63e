import { join } from 'node:path'
import { readSecretFile, writeFileAtomic } from '@rport/host'
import { type Logger, Secret } from '@rport/kit'
import { randomSecret } from './random-secret.ts'

/**
 * The seed of the host key: the configured one, or one of our own that is kept in the data folder. Agents know the server by
 * what follows from it, so it is never replaced.
 * @throws StartError when the kept one is empty or too large
 */
export async function loadKeySeed(options: {
  readonly configured: Secret | undefined
  readonly dataDir: string
  readonly log: Logger
}): Promise<Secret> {
  if (options.configured) return options.configured
  const path = join(options.dataDir, 'key_seed')
  const kept = await readSecretFile(path, { log: options.log })
  if (kept) return kept
  const made = `${randomSecret()}${randomSecret()}`
  await writeFileAtomic(path, `${made}\n`, { mode: 0o600 })
  return new Secret(made)
}
