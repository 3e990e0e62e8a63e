import { createReadStream, existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Logger } from '@rport/kit'
import type { Queries } from '../../db/index.ts'
import type { AuditRow } from './audit-event.ts'
import { keyFingerprint, readAuditKey } from './audit-key.ts'
import { parseLine } from './audit-line.ts'
import { type Verification, verifyAuditLog } from './audit-verification.ts'
import { createAuditStore } from './auditlog-store.ts'

/** The audit log of a data folder, for reading, whether a server runs on it or not. */
export interface OfflineLog {
  /** Checks everything. `keyFingerprint` is that of the key in the data folder. @throws StartError for a broken key */
  verify(): Promise<Verification & { readonly keyFingerprint: string | undefined }>
  /** All rows from a number on, archives first. @throws Error naming an archive that is missing or holds something else */
  rows(from: number): AsyncGenerator<AuditRow>
}

const PAGE_ROWS = 1000

/** @param read  queries on the database of the data folder; the caller closes it */
export function createOfflineLog(options: {
  readonly read: Queries
  readonly dataDir: string
  readonly log: Logger
}): OfflineLog {
  const { read, dataDir, log } = options
  const store = createAuditStore({ read, write: () => Promise.reject(new Error('opened for reading')) })
  // A name from the database must not lead out of the folder.
  const pathOf = (file: string) => join(dataDir, basename(file))
  const linesOf = (file: string) =>
    createInterface({ input: createReadStream(pathOf(file), 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })
  const verifyOnce = async () => {
    const key = await readAuditKey({ dataDir, log })
    const readArchive = (file: string) => (existsSync(pathOf(file)) ? linesOf(file) : undefined)
    return { ...(await verifyAuditLog({ store, readArchive, key })), keyFingerprint: key && keyFingerprint(key) }
  }

  return {
    async verify() {
      const before = await store.segments()
      const result = await verifyOnce()
      // A server that rotates meanwhile moves rows under our hands.
      const isMoved = (await store.segments()).length !== before.length
      return isMoved ? verifyOnce() : result
    },

    async *rows(from) {
      let seq = from - 1
      for (const segment of await store.segments()) {
        if (segment.lastSeq <= seq) continue
        if (!existsSync(pathOf(segment.file))) {
          throw new Error(`archive ${segment.file} is missing: put it back, or begin with row ${segment.lastSeq + 1}`)
        }
        for await (const line of linesOf(segment.file)) {
          const row = parseLine(line)
          if (!row) throw new Error(`archive ${segment.file} holds a line after row ${seq} that is no entry`)
          if (row.seq <= seq) continue
          seq = row.seq
          yield row
        }
      }
      for (;;) {
        const page = await store.rows({ after: seq, limit: PAGE_ROWS })
        yield* page
        seq = page.at(-1)?.seq ?? seq
        if (page.length < PAGE_ROWS) return
      }
    },
  }
}
