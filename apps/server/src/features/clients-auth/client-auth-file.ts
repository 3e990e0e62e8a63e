import { openReloadingFile } from '@rport/host'
import type { Clock, Logger } from '@rport/kit'
import { type ClientAuthDirectory, isPlausible } from './client-auth-directory.ts'
import { isSameSecret } from './same-secret.ts'

export interface FileClientAuthsOptions {
  readonly path: string
  /** `[server] auth_write` */
  readonly writable: boolean
  readonly clock: Clock
  readonly log: Logger
}

const MAX_ENTRIES = 200_000

/** Compared when an id is unknown, so that it takes as long as a known one. */
const NOBODYS_PASSWORD = ''

/**
 * Credentials of the original's JSON file (`[server] auth_file`), id → password in clear text. Edits count a second later,
 * and unlike the original's they count for changed and removed ids too.
 * @throws StartError naming the file and what is wrong in it
 */
export async function openFileClientAuths(options: FileClientAuthsOptions): Promise<ClientAuthDirectory> {
  const { path, writable, clock, log } = options
  const file = await openReloadingFile({ path, parse: parseClientAuths, clock, log })
  return {
    source: 'File',
    mode: writable ? 'Read Write' : 'Read Only',
    exists: async (id) => (await file.current()).has(id),
    async verify(id, password) {
      const stored = (await file.current()).get(id)
      return isSameSecret(password, stored ?? NOBODYS_PASSWORD) && stored !== undefined && isPlausible(id, password)
    },
  }
}

/**
 * Reads the file; an empty one means no credentials.
 * @throws with a message that names the id and quotes no password
 */
export function parseClientAuths(text: string): ReadonlyMap<string, string> {
  if (text.trim() === '') return new Map()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message would quote a piece of the file, passwords included.
    throw new Error('it is no valid JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('expected one JSON object: client auth id → password')
  }
  const entries = Object.entries(value)
  if (entries.length > MAX_ENTRIES) throw new Error(`it has ${entries.length} entries, ${MAX_ENTRIES} are allowed`)
  return new Map(
    entries.map(([id, password]: [string, unknown]) => {
      if (typeof password === 'string') return [id, password]
      throw new Error(`the password of ${JSON.stringify(id.slice(0, 100))} must be a text`)
    }),
  )
}
