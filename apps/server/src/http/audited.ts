import type { EndpointSpec, QueryValues } from '@rport/api'
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
  /** Adds to what is known of the call; the last word on each detail counts. */
  note(details: AuditDetails): void
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
  /** Resolves when it is on the disk that the operation is about to be tried. @throws audit_unavailable */
  begin(call: AuditedCall): Promise<AuditRecord>
  /** Writes down a refusal that is worth it: of a right, or of a password. Never rejects. */
  refused(call: RefusedCall, error: unknown): Promise<void>
}

/** What a handler sees of the audit log. */
export type AuditNotes = Pick<AuditRecord, 'note'>

const nothing: AuditNotes = { note: () => undefined }

/**
 * Runs the work of an operation between its announcement and its entry in the audit log, if it is to be audited at all.
 * Nothing is done that could not be announced, and nothing is acknowledged that could not be entered.
 * @throws whatever the work throws; audit_unavailable, audit_incomplete
 */
export async function audited<T>(
  trail: AuditTrail,
  call: AuditedCall,
  work: (notes: AuditNotes) => T | Promise<T>,
): Promise<T> {
  if (!call.spec.audit) return work(nothing)
  const record = await trail.begin(call)
  let value: T
  try {
    value = await work(record)
  } catch (error) {
    await record.failed(error)
    throw error
  }
  await record.succeeded(value)
  return value
}
