import { auditText, detailsText } from './audit-details.ts'

/** Something that was done. Absent texts are empty ones. */
export interface AuditEvent {
  /** Who did it; absent: no user, such as the end of a job. */
  readonly username?: string
  /** Where the request came from. */
  readonly address?: string
  /** What was acted on, and how: the vocabulary is in audit-vocabulary.ts and docs/compatibility.md. */
  readonly application: string
  readonly action: string
  readonly affectedId?: string
  readonly clientId?: string
  /** Any value that JSON knows; secrets are masked by the names of their keys, long ones are cut. */
  readonly request?: unknown
  readonly response?: unknown
}

/** A line of the audit log before it has its place in the chain; the names are those of the API. */
export interface AuditEntry {
  readonly username: string
  readonly remote_ip: string
  readonly application: string
  readonly action: string
  readonly affected_id: string
  readonly client_id: string
  readonly client_hostname: string
  /** JSON text, '' = none; so is `response`. */
  readonly request: string
  readonly response: string
}

/** A line that says nothing yet. */
export const emptyEntry: AuditEntry = {
  username: '',
  remote_ip: '',
  application: '',
  action: '',
  affected_id: '',
  client_id: '',
  client_hostname: '',
  request: '',
  response: '',
}

/** A line of the audit log in its place. */
export interface AuditRow extends AuditEntry {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly logged_at: number
  /** When the row was taken over from an audit log of the original; 0 = it is our own. */
  readonly imported_at: number
  readonly hash: string
}

export interface EntryOptions {
  /** '' when the client is not known. */
  readonly hostnameOf: (clientId: string) => string
  /** `use_ip_obfuscation` */
  readonly obfuscateAddresses: boolean
}

/** Turns an event into what is stored: bounded, masked. */
export function toEntry(event: AuditEvent, { hostnameOf, obfuscateAddresses }: EntryOptions): AuditEntry {
  const { username = '', address = '', affectedId = '', clientId = '' } = event
  return {
    username: auditText(username),
    remote_ip: auditText(obfuscateAddresses ? obfuscated(address) : address),
    application: event.application,
    action: event.action,
    affected_id: auditText(affectedId),
    client_id: auditText(clientId),
    client_hostname: clientId === '' ? '' : auditText(hostnameOf(clientId)),
    request: detailsText(event.request),
    response: detailsText(event.response),
  }
}

/** compat: the last part of IPv4 addresses; IPv6 ones stay as they are. */
const obfuscated = (address: string): string => address.replace(/^((?:\d{1,3}\.){3})\d{1,3}$/, '$1x')
