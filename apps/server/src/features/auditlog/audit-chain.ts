import { hash } from 'node:crypto'
import type { AuditRow } from './audit-event.ts'

/** The hash before the first row there ever was. */
export const CHAIN_START = ''

/**
 * The hash of a row: SHA-256 (base64url) over the JSON array of the hash before it and all values of the row in a fixed
 * order. Whoever changes, adds or removes a row has to change every hash after it.
 */
export function rowHash(previousHash: string, row: Omit<AuditRow, 'hash'>): string {
  const canonical = JSON.stringify([
    previousHash,
    row.seq,
    row.logged_at,
    row.username,
    row.remote_ip,
    row.application,
    row.action,
    row.affected_id,
    row.client_id,
    row.client_hostname,
    row.request,
    row.response,
    // Rows of our own are hashed as they were before there were others.
    ...(row.imported_at === 0 ? [] : [row.imported_at]),
  ])
  return hash('sha256', canonical, 'base64url')
}

/** Where a chain has arrived. */
export interface ChainEnd {
  /** 0 = no row yet. */
  readonly seq: number
  readonly hash: string
}

/** The fault of a row that does not follow from the end of the chain before it; undefined when it does. */
export function chainFault(end: ChainEnd, row: AuditRow): string | undefined {
  if (row.seq !== end.seq + 1) return `row ${end.seq + 1} is missing: row ${row.seq} follows row ${end.seq}`
  return rowHash(end.hash, row) === row.hash ? undefined : `row ${row.seq} was changed, or the one before it`
}
