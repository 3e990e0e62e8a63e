import type { ErrorRow } from './error-row.ts'

/** Errors of the audit log. */
export const auditErrors = {
  audit_filter_forbidden: {
    status: 403,
    title: 'filter forbidden',
    detail: 'only members of group Administrators can filter by usernames',
    when: 'Others than administrators see their own entries only; leave the filter out.',
  },
  audit_log_disabled: {
    status: 404,
    title: 'the audit log is switched off',
    when: 'The configuration says `enable_audit_log = false`.',
  },
  audit_unavailable: {
    status: 503,
    title: 'the audit log cannot be written, so nothing is done. Please try again.',
    when: 'Nothing is changed that could not be written down: the disk may be full, or too much is happening at once.',
  },
  audit_incomplete: {
    status: 503,
    title: 'the operation was done, but the audit log could not be completed',
    when: 'The operation was announced in the audit log and its end could not be added. It is listed as interrupted at the next start. Look before trying again.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>
