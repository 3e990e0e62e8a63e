/**
 * The audit log: who did what, chained row to row, signed every hour, rotated to files, listed by the API.
 * Not for what the program says of itself (the log) nor for deciding what is allowed: it is told what happened.
 * Start at create-auditlog.ts, then audit-trail.ts (operations of the API) and audit-chain.ts.
 */

export { agentLoginFailedEvent, foreignIdEvent } from './agent-events.ts'
export type { AuditEvent } from './audit-event.ts'
export { loadAuditKey, readAuditKey } from './audit-key.ts'
export { toLine, toSyslogLine } from './audit-line.ts'
export { type AuditLog, type AuditLogDeps, createAuditLog } from './create-auditlog.ts'
export { type ImportDeps, importOriginal } from './import-original.ts'
export { createOfflineLog, type OfflineLog } from './offline-log.ts'
export { createOfflineRecorder, type OfflineRecorder } from './offline-recorder.ts'
