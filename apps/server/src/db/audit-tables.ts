/** One line of the audit log. Rows are only ever added, and moved to an archive file as a whole period. */
export interface AuditLogTable {
  /** Counts up without gaps, across archives. */
  seq: number
  /** Milliseconds since 1970, UTC; so is every column that ends in `_at`. */
  logged_at: number
  username: string
  remote_ip: string
  application: string
  action: string
  affected_id: string
  client_id: string
  client_hostname: string
  /** JSON text, '' = none; so is `response`. */
  request: string
  response: string
  /** When the row was taken over from an audit log of the original; 0 = it is our own. */
  imported_at: number
  /** See features/auditlog/audit-chain.ts. */
  hash: string
}

/** An operation that was begun and is not in the audit log yet. */
export interface AuditIntentsTable {
  id: number
  begun_at: number
  /** JSON object; its shape is `AuditEntry` of features/auditlog. */
  entry: string
}

/** A signature over the log up to a row. */
export interface AuditHeadsTable {
  seq: number
  signed_at: number
  hash: string
  /** Ed25519, base64url. */
  signature: string
}

/** Rows that were moved to an archive file. */
export interface AuditSegmentsTable {
  last_seq: number
  first_seq: number
  /** Hash of the row before the first one; '' = there was none. */
  previous_hash: string
  last_hash: string
  /** Name of the file in the data folder. */
  file: string
  rotated_at: number
}

/** How far an audit log of the original was taken over. */
export interface AuditImportsTable {
  /** Digest of its first row: a copy under another name is the same log. */
  source: string
  /** The last row that was taken, by its number in that file and by its digest. */
  last_rowid: number
  last_digest: string
  imported_at: number
}
