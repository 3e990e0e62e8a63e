import { addressGroup, type Clock, MS_PER_MINUTE } from '@rport/kit'
import { type AuditEntry, emptyEntry } from './audit-event.ts'

/** Keeps what outsiders can cause as often as they like from flooding the audit log. */
export interface Repeats {
  /** @returns the entry to write now, if it is the first of its kind; else it is counted */
  take(entry: AuditEntry): AuditEntry | undefined
  /** The counts whose time is over, as entries; they are forgotten. */
  due(): AuditEntry[]
  /** All counts, for the end. */
  all(): AuditEntry[]
}

export interface RepeatsOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  /** For so long after the first one, more of its kind are counted. */
  readonly windowMs?: number
  /** Kinds of one address that are told apart; beyond that the rest of the address is counted together. */
  readonly maxOfAddress?: number
  /** Kinds of everybody; beyond that the rest of everybody is counted together. */
  readonly maxKinds?: number
}

interface Kind {
  readonly entry: AuditEntry
  readonly address: string
  readonly since: number
  readonly endsAt: number
  count: number
}

/**
 * The same from the same address within ten minutes is one entry at once and one with the number at the end. Whoever varies
 * what he tries gets a hundred entries and one for the rest; a thousand addresses together get no more than a thousand.
 */
export function createRepeats(options: RepeatsOptions): Repeats {
  const { clock, windowMs = 10 * MS_PER_MINUTE, maxOfAddress = 100, maxKinds = 1000 } = options
  const kinds = new Map<string, Kind>()
  const ofAddress = new Map<string, number>()
  const keyOf = (entry: AuditEntry) => JSON.stringify(Object.values(entry))

  const begin = (entry: AuditEntry, address: string, count: number) => {
    kinds.set(keyOf(entry), { entry, address, since: clock.now(), endsAt: clock.monotonic() + windowMs, count })
    ofAddress.set(address, (ofAddress.get(address) ?? 0) + 1)
  }
  const counts = (entry: AuditEntry): boolean => {
    const found = kinds.get(keyOf(entry))
    if (found) found.count += 1
    return found !== undefined
  }
  const collect = (isDue: (kind: Kind) => boolean): AuditEntry[] => {
    const ended = [...kinds].filter(([, kind]) => isDue(kind))
    for (const [key, { address }] of ended) {
      kinds.delete(key)
      const left = (ofAddress.get(address) ?? 1) - 1
      if (left > 0) ofAddress.set(address, left)
      else ofAddress.delete(address)
    }
    return ended.flatMap(([, kind]) => (kind.count > 0 ? [withCount(kind)] : []))
  }

  return {
    take(entry) {
      if (counts(entry)) return undefined
      const address = addressGroup(entry.remote_ip)
      const isRoom = kinds.size < maxKinds
      if (isRoom && (ofAddress.get(address) ?? 0) < maxOfAddress) {
        begin(entry, address, 0)
        return entry
      }
      const { application, action } = entry
      const rest = { ...emptyEntry, application, action, ...(isRoom && { remote_ip: entry.remote_ip }) }
      // The rest is nobody's: it must not use up the room of an address. There are few of it, one a kind of operation.
      if (!counts(rest)) begin(rest, '', 1)
      return undefined
    },
    due: () => collect(({ endsAt }) => endsAt <= clock.monotonic()),
    all: () => collect(() => true),
  }
}

const withCount = ({ entry, count, since }: Kind): AuditEntry => ({
  ...entry,
  response: JSON.stringify({ count, since: new Date(since).toISOString() }),
})
