import { errorMessage, type Logger } from '@rport/kit'
import type { AuditStore, AuditWrite } from './auditlog-store.ts'

/** Adds to the audit log; what arrives together is written together. */
export interface AuditWriter {
  /** Resolves when it is on the disk. @throws whatever the database throws; Error when too much is waiting */
  write(write: AuditWrite): Promise<void>
  /** Resolves when everything that waits is written or refused. */
  drain(): Promise<void>
}

export interface AuditWriterOptions {
  readonly store: Pick<AuditStore, 'commit'>
  readonly log: Logger
  /** Writes that may wait. */
  readonly maxWaiting?: number
}

/** One transaction takes at most so many writes. */
const MAX_BATCH = 500

interface Waiting {
  readonly write: AuditWrite
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function createAuditWriter({ store, log, maxWaiting = 10_000 }: AuditWriterOptions): AuditWriter {
  const queue: Waiting[] = []
  let running: Promise<void> | undefined

  const commit = async (batch: readonly Waiting[]) => {
    try {
      await store.commit(batch.map(({ write }) => write))
      for (const { resolve } of batch) resolve()
    } catch (error) {
      log.error({ entries: batch.length, error: errorMessage(error) }, 'audit log could not be written')
      for (const { reject } of batch) reject(error)
    }
  }
  const run = async () => {
    // Whoever writes in the same turn of the loop shares the transaction.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (queue.length > 0) await commit(queue.splice(0, MAX_BATCH))
    running = undefined
  }

  return {
    write(write) {
      if (queue.length >= maxWaiting)
        return Promise.reject(new Error(`${maxWaiting} audit entries are waiting already`))
      return new Promise((resolve, reject) => {
        queue.push({ write, resolve, reject })
        running ??= run()
      })
    },
    drain: async () => running,
  }
}
