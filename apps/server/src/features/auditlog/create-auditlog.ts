import type { KeyObject } from 'node:crypto'
import { type Clock, errorMessage, type Logger, MS_PER_HOUR, MS_PER_MINUTE, type Timer } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import { type AccessPolicy, type AuditTrail, type RouteSet, silentTrail } from '../../http/index.ts'
import { type AuditEntry, type AuditEvent, toEntry } from './audit-event.ts'
import { keyFingerprint, signHead } from './audit-key.ts'
import { type Rotation, rotate } from './audit-rotation.ts'
import { createAuditTrail } from './audit-trail.ts'
import { createAuditWriter } from './audit-writer.ts'
import { auditlogRoutes } from './auditlog-routes.ts'
import { createAuditStore } from './auditlog-store.ts'
import { createRepeats } from './repeats.ts'

export interface AuditLogDeps {
  readonly db: Database
  /** `enable_audit_log`; without it nothing is written and GET /auditlog says so. */
  readonly enabled: boolean
  /** `use_ip_obfuscation` */
  readonly obfuscateAddresses: boolean
  readonly rotation: Rotation
  /** Where archives are written. */
  readonly dataDir: string
  readonly key: KeyObject
  /** '' when the client is not known. */
  readonly hostnameOf: (clientId: string) => string
  readonly isAdmin: AccessPolicy['isAdmin']
  readonly clock: Clock
  readonly log: Logger
}

/** Operations of `rportd user` have ended by then, one way or the other: they are not those of this process. */
const COMMAND_LINE_MS = 10 * MS_PER_MINUTE

/** Who did what, chained and signed. */
export interface AuditLog {
  /**
   * Writes down what no call of the API announced, such as the end of a job. Resolves when it is on the disk.
   * @throws what the database throws: whoever changes something then undoes it, or says that it is not done
   */
  record(event: AuditEvent): Promise<void>
  /**
   * Writes down what somebody from outside tried and was refused: the first of its kind at once, more of them as a number
   * (see repeats.ts). Resolves when that is done; never rejects.
   */
  attempted(event: AuditEvent): Promise<void>
  readonly trail: AuditTrail
  readonly routes: RouteSet
  /** Settles what the last run left open, rotates, signs; then every hour. Call it before anything is audited. */
  start(): Promise<void>
  /** Writes what waits and signs the end. Idempotent; the database must still be open. */
  close(): Promise<void>
}

export function createAuditLog(deps: AuditLogDeps): AuditLog {
  const { db, enabled, key, clock, log } = deps
  const store = createAuditStore(db)
  const writer = createAuditWriter({ store, log })
  const underway = new Set<number>()
  const repeats = createRepeats(deps)
  const routes = auditlogRoutes({ store, enabled, isAdmin: deps.isAdmin })
  let timers: readonly Timer[] = []
  let upkeep: Promise<void> = Promise.resolve()

  /** Operations that were begun and never ended: the process died, or their entry could not be written. */
  const settleIntents = async (begunBefore: number) => {
    const before = new Set(underway)
    // Asked before and after: an operation that ends meanwhile writes its own entry.
    const open = (await store.intents()).filter(
      ({ id, begunAt }) => begunAt <= begunBefore && !before.has(id) && !underway.has(id),
    )
    for (const { id, begunAt, entry } of open) {
      const response = JSON.stringify({ outcome: 'interrupted', begun_at: new Date(begunAt).toISOString() })
      await writer.write({ kind: 'append', at: clock.now(), entries: [{ ...entry, response }], intentId: id })
    }
  }
  const signEnd = async () => {
    const end = await store.end()
    const last = await store.lastHead()
    if (end.seq === 0 || end.seq === last?.seq) return
    const head = signHead(key, end, clock.now())
    await store.addHead(head)
    // Whoever collects the log elsewhere can prove with this line what the audit log was, whatever happens here. The log masks a field `hash`.
    log.info(
      { seq: head.seq, rowHash: head.hash, signature: head.signature, key: keyFingerprint(key) },
      'audit log signed',
    )
  }
  const keepUp = async (graceMs: number) => {
    await settleIntents(clock.now() - graceMs)
    await rotate({ ...deps, store })
    await signEnd()
  }
  /** Nobody is refused less because this cannot be written. */
  const writeAttempts = async (entries: readonly AuditEntry[]) => {
    if (entries.length === 0) return
    await writer.write({ kind: 'append', at: clock.now(), entries }).catch((error: unknown) => {
      log.warn({ entries: entries.length, error: errorMessage(error) }, 'refusals were not written down')
    })
  }
  const attempted = async (event: AuditEvent) => {
    const entry = repeats.take(toEntry(event, deps))
    if (entry) await writeAttempts([entry])
  }
  const keepUpLater = () => {
    upkeep = upkeep
      .then(() => keepUp(COMMAND_LINE_MS))
      .catch((error: unknown) => {
        log.error({ error: errorMessage(error) }, 'upkeep of the audit log failed')
      })
  }

  if (!enabled) {
    return {
      record: async () => undefined,
      attempted: async () => undefined,
      trail: silentTrail,
      routes,
      start: async () => undefined,
      close: async () => undefined,
    }
  }
  return {
    record: (event) => writer.write({ kind: 'append', at: clock.now(), entries: [toEntry(event, deps)] }),
    attempted,
    trail: createAuditTrail({ ...deps, writer, store, underway, attempted }),
    routes,
    async start() {
      await keepUp(0)
      for (const timer of timers) timer.cancel()
      const background = { background: true }
      timers = [
        clock.setInterval(keepUpLater, MS_PER_HOUR, background),
        clock.setInterval(() => void writeAttempts(repeats.due()), MS_PER_MINUTE, background),
      ]
    },
    async close() {
      for (const timer of timers) timer.cancel()
      timers = []
      await upkeep
      await writeAttempts(repeats.all())
      await writer.drain()
      await signEnd().catch((error: unknown) => {
        log.warn({ error: errorMessage(error) }, 'end of the audit log was not signed')
      })
    },
  }
}
