import { openReloadingFile } from '@rport/host'
import { type Clock, type Logger, MS_PER_SECOND } from '@rport/kit'
import { byLetters, type ClientAuthDirectory, isPlausible } from './client-auth-directory.ts'
import { type ClientAuthEntry, parseClientAuthFile, writeClientAuthFile } from './client-auth-file-format.ts'
import { isSameSecret } from './same-secret.ts'

export interface FileClientAuthsOptions {
  readonly path: string
  /** `[server] auth_write` */
  readonly writable: boolean
  readonly clock: Clock
  readonly log: Logger
}

/** The reason would quote paths and ids: it is for the log. */
const PROBLEM = '[server] auth_file was not taken over: its last good state stays in force, the log says why'

/** Compared when an id is unknown, so that it takes as long as a known one. */
const NOBODYS_PASSWORD = ''

/**
 * Credentials of a JSON file (`[server] auth_file`) in one of the two formats of client-auth-file-format.ts. Edits count a
 * second later, and unlike the original's they count for changed and removed ids too. A file that makes no sense is neither
 * taken over nor written.
 * @throws StartError naming the file and what is wrong in it
 */
export async function openFileClientAuths(options: FileClientAuthsOptions): Promise<ClientAuthDirectory> {
  const { path, writable, clock, log } = options
  const file = await openReloadingFile({ path, parse: parseClientAuthFile, clock, log })
  const find = async (id: string) => (await file.current()).entries.get(id)
  /** Whether `edit` changed something; the file is written only then. */
  const change = async (edit: (entries: Map<string, ClientAuthEntry>) => boolean) => {
    let hasChanged = false
    try {
      await file.change((content) => {
        const entries = new Map(content.entries)
        hasChanged = edit(entries)
        if (!hasChanged) throw new Unchanged()
        return writeClientAuthFile({ ...content, entries })
      })
    } catch (error) {
      if (!(error instanceof Unchanged)) throw error
    }
    return hasChanged
  }
  return {
    source: 'File',
    mode: writable ? 'Read Write' : 'Read Only',
    recheckMs: MS_PER_SECOND,
    problem: () => (file.problem === undefined ? undefined : PROBLEM),
    async existing(ids) {
      const { entries } = await file.current()
      return new Set(ids.filter((id) => isThere(id, entries.get(id)?.password)))
    },
    async ids() {
      const { entries } = await file.current()
      const there = [...entries].filter(([id, { password }]) => isThere(id, password))
      return there.map(([id]) => id).sort(byLetters)
    },
    allowsTunnel: async (id, ends) => (await find(id))?.rules?.allows(ends) ?? true,
    async verify(id, password) {
      const stored = (await find(id))?.password
      return isSameSecret(password, stored ?? NOBODYS_PASSWORD) && stored !== undefined && isPlausible(id, password)
    },
    create: (id, password) =>
      change((entries) => {
        if (entries.has(id)) return false
        entries.set(id, { password })
        return true
      }),
    delete: (id) => change((entries) => entries.delete(id)),
  }
}

/** Ends an edit that has nothing to write. */
class Unchanged extends Error {}

const isThere = (id: string, password: string | undefined): boolean =>
  password !== undefined && isPlausible(id, password)
