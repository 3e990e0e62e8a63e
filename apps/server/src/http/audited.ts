import type { EndpointSpec, QueryValues } from '@rport/api'
import type { JoinedWrite } from '../db/index.ts'
import type { Actor, Origin } from './actor.ts'

/** A call of an operation with an `audit` mark, after all checks of the door. */
export interface AuditedCall {
  readonly spec: EndpointSpec
  /** undefined: the call is an attempt to log in or out. */
  readonly actor: Actor | undefined
  /** The name that the caller gave; '' = none. */
  readonly claimedName: string
  readonly origin: Origin
  readonly params: Readonly<Record<string, string>>
  readonly rawQuery: QueryValues
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** What a handler tells the audit log beyond what the door sees by itself. Absent: the audit log's own choice. */
export interface AuditDetails {
  readonly username?: string
  readonly affectedId?: string
  /** One row for each; [] = a row without client. */
  readonly clientIds?: readonly string[]
  /** Values for JSON; secrets are masked by the name of their key. */
  readonly request?: unknown
  readonly response?: unknown
}

/** A call that is being written down. */
export interface AuditRecord {
  /** Resolves when it is on the disk that the operation is about to be tried; rejects with audit_unavailable. */
  readonly announced: Promise<void>
  /** Adds to what is known of the call; the last word on each detail counts. */
  note(details: AuditDetails): void
  /**
   * The row that says that the operation is done, for the transaction that does it: one flush of the disk for both. Whoever
   * takes it rejects when that transaction does; `succeeded` then has nothing left to write.
   */
  row(value: unknown): JoinedWrite
  /** The operation is done: resolves when that is on the disk. @throws audit_unavailable, audit_incomplete */
  succeeded(value: unknown): Promise<void>
  /** The operation was refused or broke. Never rejects. */
  failed(error: unknown): Promise<void>
}

/** A call that was refused. */
export interface RefusedCall {
  readonly spec: EndpointSpec
  readonly actor: Actor | undefined
  readonly claimedName: string
  readonly origin: Origin
  readonly params: Readonly<Record<string, string>>
}

/** Writes down what is done; the audit log feature. */
export interface AuditTrail {
  /** Begins to write down that the operation is about to be tried. */
  begin(call: AuditedCall): AuditRecord
  /** Writes down a refusal that is worth it: of a right, or of a password. Never rejects. */
  refused(call: RefusedCall, error: unknown): Promise<void>
}

/** Writes nothing down. */
export const silentTrail: AuditTrail = {
  begin: () => ({
    announced: Promise.resolve(),
    note: () => undefined,
    row: () => async () => undefined,
    succeeded: async () => undefined,
    failed: async () => undefined,
  }),
  refused: async () => undefined,
}

/** What a handler sees of the audit log. */
export type AuditNotes = Pick<AuditRecord, 'note' | 'row'>

const nothing: AuditNotes = { note: () => undefined, row: () => async () => undefined }

/** The work of an operation. */
export interface AuditedWork<T> {
  /** Looks whether it can be done, and changes nothing: it runs while the announcement is written. @returns what does it */
  look?(notes: AuditNotes): Promise<() => T | Promise<T>>
  /** All of it, where nothing is looked at first. */
  run(notes: AuditNotes): T | Promise<T>
}

/**
 * Runs the work of an operation between its announcement and its entry in the audit log, if it is to be audited at all.
 * Nothing is done that could not be announced, and nothing is acknowledged that could not be entered.
 * @throws whatever the work throws; audit_unavailable, audit_incomplete
 */
export async function audited<T>(trail: AuditTrail, call: AuditedCall, work: AuditedWork<T>): Promise<T> {
  if (!call.spec.audit) return work.run(nothing)
  const record = trail.begin(call)
  const looked = work.look?.(record)
  // What could not be announced is not done, whatever was seen.
  looked?.catch(() => undefined)
  await record.announced
  let value: T
  try {
    const act = looked === undefined ? () => work.run(record) : await looked
    value = await act()
  } catch (error) {
    await record.failed(error)
    throw error
  }
  await record.succeeded(value)
  return value
}
