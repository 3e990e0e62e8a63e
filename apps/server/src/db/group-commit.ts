import type { DatabaseSync } from 'node:sqlite'
import { type Clock, inTime, type Logger, type Timer, toError } from '@rport/kit'
import type { Kysely } from 'kysely'
import { DatabaseError } from './database-error.ts'
import { queriesOn, type SqliteConnection } from './sqlite.ts'
import { toDatabaseError } from './sqlite-errors.ts'

/** Runs writes one after the other, several in one transaction. */
export interface GroupCommit<Tables> {
  /**
   * Resolves after the transaction that carries the work is on the disk; rejects when the work or the commit failed.
   * @param patienceMs  for so long it waits for others to share their commit with; default 0
   */
  write<T>(work: (trx: Kysely<Tables>) => Promise<T>, patienceMs?: number): Promise<T>
  /** Refuses new writes and resolves when the waiting ones are done. */
  drain(): Promise<void>
  /** Writes that wait for their turn. */
  readonly waiting: number
}

export interface GroupCommitOptions {
  readonly connection: SqliteConnection
  readonly clock: Clock
  readonly log: Logger
  /** A commit follows one of several writes at least this much later, so that it finds several again; 0 = no pause. */
  readonly windowMs: number
  /** A piece of work that takes longer is rolled back: it waits for something that is no query. */
  readonly workTimeoutMs?: number
  /** Writes that may wait. */
  readonly maxQueued?: number
}

interface Entry<Tables> {
  readonly work: (trx: Kysely<Tables>) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** One transaction takes at most so many writes, so that the first of them does not wait for ever. */
const MAX_GROUP = 1000

/**
 * Full durability costs one flush of the disk per transaction. Writes that arrive together share one: each runs in its own
 * savepoint, so that a failing one takes back only itself, and none is acknowledged before the common COMMIT.
 */
export function createGroupCommit<Tables>(options: GroupCommitOptions): GroupCommit<Tables> {
  const { connection, clock, log, windowMs, workTimeoutMs = 10_000, maxQueued = 20_000 } = options
  const { raw } = connection
  const queue: Entry<Tables>[] = []
  const idle: (() => void)[] = []
  const late = () =>
    new DatabaseError('timeout', `a write did not end within ${workTimeoutMs} ms: it may only await its own queries`)
  const deadline = { timeoutMs: workTimeoutMs, clock, late }
  const transaction = prepareTransaction(raw)
  let state: 'idle' | 'patient' | 'scheduled' | 'running' = 'idle'
  let patience: Timer | undefined
  /** When somebody who waits loses patience. */
  let dueAt = Number.POSITIVE_INFINITY
  let isClosed = false
  let nextCommitAt = Number.NEGATIVE_INFINITY

  const schedule = () => {
    if (state === 'scheduled' || state === 'running') return
    patience?.cancel()
    const now = clock.monotonic()
    const patienceMs = isClosed ? 0 : dueAt - now
    if (patienceMs > 0) {
      state = 'patient'
      patience = clock.setTimeout(() => begin(), patienceMs)
      return
    }
    begin(now)
  }

  const begin = (now = clock.monotonic()) => {
    state = 'scheduled'
    const waitMs = isClosed ? 0 : nextCommitAt - now
    if (waitMs > 0) clock.setTimeout(() => void run(), waitMs)
    else setImmediate(() => void run())
  }

  const run = async () => {
    state = 'running'
    const committed: (() => void)[] = []
    const waiting: Entry<Tables>[] = []
    try {
      transaction.begin.run()
      const startedAt = clock.monotonic()
      do {
        const entry = queue.shift()
        if (!entry) break
        waiting.push(entry)
        const settle = await runInSavepoint(entry)
        if (settle) committed.push(settle)
        else waiting.pop()
      } while (waiting.length < MAX_GROUP && clock.monotonic() - startedAt < windowMs)
      transaction.commit.run()
      for (const settle of committed) settle()
    } catch (thrown) {
      const error = toDatabaseError(thrown)
      rollBack()
      log.error({ error: toError(error), writes: waiting.length }, 'database transaction failed')
      // A failed BEGIN took nothing from the queue: the first in line learns why, the others try again.
      const losers = waiting.length > 0 ? waiting : queue.splice(0, 1)
      for (const entry of losers) entry.reject(error)
    }
    // Whoever is alone waits for nobody: an operation that writes three times in a row shall not wait three times.
    nextCommitAt = clock.monotonic() + (waiting.length > 1 ? windowMs : 0)
    state = 'idle'
    dueAt = Number.POSITIVE_INFINITY
    // Who has not had his turn has been waiting for long enough.
    if (queue.length > 0) begin()
    else for (const resolve of idle.splice(0)) resolve()
  }

  /** @returns how to tell the caller after COMMIT; undefined when the work failed alone and the caller knows. */
  const runInSavepoint = async (entry: Entry<Tables>): Promise<(() => void) | undefined> => {
    const gate = { isOpen: true }
    transaction.save.run()
    try {
      const value = await inTime(entry.work(queriesOn<Tables>(connection, { gate })), deadline)
      gate.isOpen = false
      transaction.release.run()
      return () => entry.resolve(value)
    } catch (error) {
      gate.isOpen = false
      // Some failures (full disk, broken file) end the whole transaction: nobody of the group is written then.
      if (!raw.isTransaction) throw error
      raw.exec('ROLLBACK TO work; RELEASE work')
      entry.reject(error)
      return undefined
    }
  }

  const rollBack = () => {
    try {
      if (raw.isTransaction) raw.exec('ROLLBACK')
    } catch (error) {
      log.error({ error: toError(error) }, 'database rollback failed')
    }
  }

  return {
    get waiting() {
      return queue.length
    },
    async write<T>(work: (trx: Kysely<Tables>) => Promise<T>, patienceMs = 0): Promise<T> {
      if (isClosed) throw new DatabaseError('closed', 'the database is closed')
      if (queue.length >= maxQueued) {
        throw new DatabaseError('overloaded', `${maxQueued} writes are waiting already: try again later`)
      }
      return new Promise<T>((resolve, reject) => {
        queue.push({ work, resolve: (value) => resolve(value as T), reject })
        dueAt = Math.min(dueAt, patienceMs > 0 ? clock.monotonic() + patienceMs : Number.NEGATIVE_INFINITY)
        schedule()
      })
    },
    drain() {
      isClosed = true
      if (state === 'idle') return Promise.resolve()
      schedule()
      return new Promise((resolve) => void idle.push(resolve))
    },
  }
}

/** Prepared once: they are run for every write. */
const prepareTransaction = (raw: DatabaseSync) => ({
  begin: raw.prepare('BEGIN IMMEDIATE'),
  commit: raw.prepare('COMMIT'),
  save: raw.prepare('SAVEPOINT work'),
  release: raw.prepare('RELEASE work'),
})
