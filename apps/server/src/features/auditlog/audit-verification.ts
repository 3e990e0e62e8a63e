import type { KeyObject } from 'node:crypto'
import { CHAIN_START, type ChainEnd, chainFault } from './audit-chain.ts'
import type { AuditRow } from './audit-event.ts'
import { isSignedBy } from './audit-key.ts'
import { parseLine } from './audit-line.ts'
import type { AuditStore, Head, Segment } from './auditlog-store.ts'

/** What came of checking the whole log. */
export interface Verification {
  readonly rows: number
  readonly end: ChainEnd
  /** Signatures that fit the rows; heads of rows in archives that are not there are not among them. */
  readonly signedHeads: number
  /** What is wrong, in the order of the log; at most `MAX_FAULTS`. */
  readonly faults: readonly string[]
  /** Archives that are not there: their rows could not be checked. */
  readonly missingArchives: readonly string[]
}

/** More faults say nothing more. */
const MAX_FAULTS = 50
const PAGE_ROWS = 1000

export interface VerificationDeps {
  readonly store: Pick<AuditStore, 'segments' | 'rows' | 'heads'>
  /** Lines of an archive; undefined when it is not there. */
  readonly readArchive: (file: string) => AsyncIterable<string> | undefined
  /** The key that signs, private or public; undefined: signatures cannot be checked, which is a fault if there are any. */
  readonly key: KeyObject | undefined
}

/** Walks over archives and rows and recomputes every hash; holds them against the signed heads. */
export async function verifyAuditLog({ store, readArchive, key }: VerificationDeps): Promise<Verification> {
  const faults: string[] = []
  const missingArchives: string[] = []
  const blame = (fault: string) => void (faults.length < MAX_FAULTS && faults.push(fault))
  const heads = await store.heads()
  const headOf = new Map(heads.map((head) => [head.seq, head]))
  let signedHeads = 0
  let rows = 0
  let end: ChainEnd = { seq: 0, hash: CHAIN_START }

  const take = (row: AuditRow) => {
    const fault = chainFault(end, row)
    if (fault !== undefined) blame(fault)
    end = { seq: row.seq, hash: row.hash }
    rows += 1
    const head = headOf.get(row.seq)
    if (!head) return
    const headFault = faultOfHead(head, row, key)
    if (headFault === undefined) signedHeads += 1
    else blame(headFault)
  }

  for (const segment of await store.segments()) {
    if (segment.firstSeq !== end.seq + 1 || segment.previousHash !== end.hash) {
      blame(`archive ${segment.file} does not follow row ${end.seq}`)
    }
    const lines = readArchive(segment.file)
    if (!lines) {
      missingArchives.push(segment.file)
      end = { seq: segment.lastSeq, hash: segment.lastHash }
      continue
    }
    for await (const line of lines) {
      const row = parseLine(line)
      if (row) take(row)
      else blame(`archive ${segment.file}: a line after row ${end.seq} is no entry`)
    }
    const fault = faultOfSegment(segment, end)
    if (fault !== undefined) blame(fault)
    end = { seq: segment.lastSeq, hash: segment.lastHash }
  }
  for (;;) {
    const page = await store.rows({ after: end.seq, limit: PAGE_ROWS })
    for (const row of page) take(row)
    if (page.length < PAGE_ROWS) break
  }
  const lastHead = heads.at(-1)
  if (lastHead && lastHead.seq > end.seq) {
    blame(`the log ends with row ${end.seq}, but row ${lastHead.seq} was signed: rows were removed`)
  }
  return { rows, end, signedHeads, faults, missingArchives }
}

function faultOfHead(head: Head, row: AuditRow, key: KeyObject | undefined): string | undefined {
  if (head.hash !== row.hash) return `row ${row.seq} is not the one that was signed`
  if (!key) return `the signature at row ${row.seq} cannot be checked: the key is missing`
  return isSignedBy(key, head) ? undefined : `the signature at row ${row.seq} is not by this key`
}

const faultOfSegment = (segment: Segment, end: ChainEnd): string | undefined =>
  end.seq === segment.lastSeq && end.hash === segment.lastHash
    ? undefined
    : `archive ${segment.file} ends with row ${end.seq} instead of row ${segment.lastSeq}, or with another one of that number`
