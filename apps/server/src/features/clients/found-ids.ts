import type { FilterTree } from '@rport/api'
import type { SortField } from './sorted-ids.ts'

/** Questions whose answer is kept; a page of a web UI asks a handful. */
const MAX_KEPT = 32
/** Ids of all answers together: some megabytes. */
const MAX_KEPT_IDS = 200_000

/**
 * Which clients a filter finds, kept from one request to the next: the pages of a large fleet must not hold every client
 * against the same filter again. An answer is good until something changes that any filter looks at.
 */
export interface FoundIds {
  /**
   * @param revision  of the clients; another one than before makes all answers void
   * @param find      looks at every client
   * @returns         ids in the order of `field`, ascending. Do not change it.
   */
  of(field: SortField, filter: FilterTree, revision: number, find: () => readonly string[]): readonly string[]
}

export function createFoundIds(): FoundIds {
  const kept = new Map<string, readonly string[]>()
  let keptRevision = -1
  let keptIds = 0

  const forget = (key: string, ids: readonly string[]) => {
    kept.delete(key)
    keptIds -= ids.length
  }

  return {
    of(field, filter, revision, find) {
      // Groups change by themselves, and what belongs to them is remembered with them.
      if (filter.some(({ columns }) => columns.includes('groups'))) return find()
      if (revision !== keptRevision) {
        kept.clear()
        keptIds = 0
        keptRevision = revision
      }
      const key = JSON.stringify([field, filter])
      const known = kept.get(key)
      if (known) {
        forget(key, known)
        keptIds += known.length
        kept.set(key, known)
        return known
      }
      const ids = find()
      kept.set(key, ids)
      keptIds += ids.length
      for (const [oldest, old] of kept) {
        if (kept.size <= MAX_KEPT && keptIds <= MAX_KEPT_IDS) break
        forget(oldest, old)
      }
      return ids
    },
  }
}
