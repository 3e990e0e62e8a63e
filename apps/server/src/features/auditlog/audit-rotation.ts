import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type Logger, MS_PER_HOUR } from '@rport/kit'
import { toLine } from './audit-line.ts'
import type { AuditStore } from './auditlog-store.ts'

/** `audit_log_rotation` */
export type Rotation = 'daily' | 'weekly' | 'monthly' | 'yearly'

const PAGE_ROWS = 1000
/** Few enough that other writes do not wait long. */
const DELETE_ROWS = 2000
const MS_PER_DAY = 24 * MS_PER_HOUR

/** When the period that `now` belongs to began, in UTC; weeks begin on Monday. */
export function periodStart(now: number, rotation: Rotation): number {
  const date = new Date(now)
  const day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
  switch (rotation) {
    case 'daily':
      return day
    case 'weekly':
      return day - ((date.getUTCDay() + 6) % 7) * MS_PER_DAY
    case 'monthly':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
    case 'yearly':
      return Date.UTC(date.getUTCFullYear(), 0, 1)
  }
}

export interface RotationDeps {
  readonly store: AuditStore
  /** Where archives are written. */
  readonly dataDir: string
  readonly rotation: Rotation
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Moves the rows of past periods to an archive file, `auditlog.<day>.<first>-<last>.jsonl` (0600). The chain goes on across
 * files. Safe at every moment: rows are deleted after the file and its entry are on the disk.
 */
export async function rotate(deps: RotationDeps): Promise<void> {
  const { store, clock, log } = deps
  const last = (await store.segments()).at(-1)
  // What an earlier rotation did not get to.
  if (last) await deleteRows(store, last.lastSeq)
  // A clock that was set back must not tear a hole: everything before the first row of today's period goes together.
  const below = await store.firstSince(periodStart(clock.now(), deps.rotation))
  const written = await writeArchive(deps, last?.lastSeq ?? 0, below)
  if (!written) return
  const previousHash = last?.lastHash ?? ''
  await store.addSegment({ ...written, previousHash }, clock.now())
  log.info({ file: written.file, rows: written.lastSeq - written.firstSeq + 1 }, 'audit log rotated')
  await deleteRows(store, written.lastSeq)
}

async function deleteRows(store: AuditStore, seq: number): Promise<void> {
  while ((await store.deleteUpTo(seq, DELETE_ROWS)) > 0);
}

async function writeArchive({ store, dataDir, clock }: RotationDeps, after: number, below: number | undefined) {
  const window = (from: number) => store.rows({ after: from, limit: PAGE_ROWS, ...(below !== undefined && { below }) })
  let page = await window(after)
  const first = page[0]
  if (!first) return undefined
  const temporary = join(dataDir, `.auditlog.${randomBytes(8).toString('hex')}.tmp`)
  const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    let last = first
    while (page.length > 0) {
      await handle.write(page.map((row) => `${toLine(row)}\n`).join(''))
      last = page.at(-1) ?? last
      page = await window(last.seq)
    }
    await syncAndClose(handle)
    const day = new Date(clock.now()).toISOString().slice(0, 10)
    const file = `auditlog.${day}.${first.seq}-${last.seq}.jsonl`
    await rename(temporary, join(dataDir, file))
    return { firstSeq: first.seq, lastSeq: last.seq, lastHash: last.hash, file }
  } catch (error) {
    await handle.close().catch(() => undefined) // closed already, or as broken as the error says
    await unlink(temporary).catch(() => undefined) // the first error is the one that counts
    throw error
  }
}

async function syncAndClose(handle: FileHandle): Promise<void> {
  await handle.sync()
  await handle.close()
}
