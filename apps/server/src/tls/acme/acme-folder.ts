import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSecretFile, writeFileAtomic } from '@rport/host'
import { errorCode, errorMessage, type Logger } from '@rport/kit'
import { z } from 'zod'
import { type KeyPair, toKeyPair } from '../key-pair.ts'
import { makeAccountKey } from './authority.ts'

const StoredCertificate = z.object({ directoryUrl: z.string(), certificate: z.string(), key: z.string() })

/** What is kept of an authority: `account.key` and a file for each name, all 0600 in a folder of 0700. */
export interface AcmeFolder {
  /** The key of our account, made when there is none yet. PEM. */
  accountKey(): Promise<string>
  /** The last certificate for a name from this authority; undefined when there is none that can be used. */
  load(name: string, directoryUrl: string): Promise<KeyPair | undefined>
  save(name: string, directoryUrl: string, pair: { certificate: string; key: string }): Promise<void>
}

/** @param path  `acme` in the data folder; made when something is to be kept */
export function createAcmeFolder({ path, log }: { path: string; log: Logger }): AcmeFolder {
  // A name is checked where it is configured: no path can be made of it.
  const fileOf = (name: string) => join(path, `${name}.json`)
  const write = async (file: string, text: string) => {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await writeFileAtomic(file, text, { mode: 0o600 })
  }
  return {
    async accountKey() {
      const file = join(path, 'account.key')
      const kept = await readSecretFile(file, { log })
      if (kept) return kept.reveal()
      const key = await makeAccountKey()
      await write(file, key)
      return key
    },
    async load(name, directoryUrl) {
      try {
        const stored = StoredCertificate.parse(JSON.parse(await readFile(fileOf(name), 'utf8')))
        return stored.directoryUrl === directoryUrl ? toKeyPair(stored.certificate, stored.key) : undefined
      } catch (error) {
        // A new one can be had: what is kept is worth a warning, not a refusal to start.
        if (errorCode(error) !== 'ENOENT') {
          const reason = error instanceof z.ZodError ? 'it holds no certificate' : errorMessage(error)
          log.warn({ file: fileOf(name), reason }, 'kept certificate cannot be used, a new one is requested')
        }
        return undefined
      }
    },
    save: (name, directoryUrl, { certificate, key }) =>
      write(fileOf(name), `${JSON.stringify({ directoryUrl, certificate, key }, undefined, 2)}\n`),
  }
}
