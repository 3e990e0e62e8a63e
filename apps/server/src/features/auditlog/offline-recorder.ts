import { randomInt } from 'node:crypto'
import { ApiError } from '@rport/api'
import { StartError } from '@rport/host'
import { type Clock, errorMessage, type Logger } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import { type AuditEntry, type AuditEvent, toEntry } from './audit-event.ts'
import { BROKEN } from './audit-vocabulary.ts'
import { type AuditWrite, createAuditStore } from './auditlog-store.ts'

/** Writes down what is done at the terminal of the server, whether the server runs or not. */
export interface OfflineRecorder {
  /**
   * Runs `work` between its announcement and its row, as the API does.
   * @throws  StartError when it cannot be announced (nothing is done then) or entered; whatever the work throws
   */
  recorded<T>(event: AuditEvent, work: () => Promise<T>): Promise<T>
}

export interface OfflineRecorderDeps {
  readonly db: Database
  /** `enable_audit_log`; without it nothing is written. */
  readonly enabled: boolean
  /** Who sits there, in every row's request. */
  readonly by: Readonly<Record<string, unknown>>
  readonly clock: Clock
  readonly log: Logger
}

/** The largest range that the random source takes. */
const MAX_ID = 2 ** 48 - 1
const BROKEN_TEXT = JSON.stringify(BROKEN)

/** The rows join the chain that a running server writes to: each transaction asks anew where it ends. */
export function createOfflineRecorder({ db, enabled, by, clock, log }: OfflineRecorderDeps): OfflineRecorder {
  if (!enabled) return { recorded: (_event, work) => work() }
  const store = createAuditStore(db)
  const toRow = (event: AuditEvent) => {
    const request = { ...by, ...(event.request as object | undefined) }
    return toEntry({ ...event, request }, { hostnameOf: () => '', obfuscateAddresses: false })
  }
  /** What was refused leaves nothing; a fault may have come after the change. */
  const endOf = (error: unknown, intentId: number, entry: AuditEntry): AuditWrite =>
    error instanceof ApiError
      ? { kind: 'drop', intentId }
      : { kind: 'append', at: clock.now(), entries: [{ ...entry, response: BROKEN_TEXT }], intentId }

  return {
    async recorded(event, work) {
      const id = randomInt(MAX_ID)
      const entry = toRow(event)
      await store.commit([{ kind: 'intend', id, at: clock.now(), entry }]).catch((error: unknown) => {
        throw new StartError(`the audit log cannot be written, so nothing is done: ${errorMessage(error)}`)
      })
      let value: Awaited<ReturnType<typeof work>>
      try {
        value = await work()
      } catch (error) {
        await store.commit([endOf(error, id, entry)]).catch((problem: unknown) => {
          log.warn({ error: errorMessage(problem) }, 'end of an operation was not written down')
        })
        throw error
      }
      await store
        .commit([{ kind: 'append', at: clock.now(), entries: [entry], intentId: id }])
        .catch((error: unknown) => {
          throw new StartError(
            `it was done, but its entry in the audit log could not be written: ${errorMessage(error)}`,
          )
        })
      return value
    },
  }
}
