import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { listGrammar } from './lists/list-grammar.ts'
import { page } from './reply.ts'
import { TimeText } from './text/time-text.ts'

/** One line of the audit log. */
export const AuditEntryView = z
  .object({
    timestamp: TimeText,
    username: z.string().meta({ description: 'Empty when no user acted.' }),
    remote_ip: z.string().meta({ description: 'Where the request came from; its last part may be hidden.' }),
    application: z.string().meta({ description: 'What was acted on, such as `client.tunnel`.' }),
    action: z.string().meta({ description: 'What was done, such as `create`.' }),
    affected_id: z.string(),
    client_id: z.string(),
    client_hostname: z.string(),
    request: z.string().meta({ description: 'JSON text with secrets masked; empty when there is nothing to tell.' }),
    response: z.string().meta({ description: 'JSON text with secrets masked; empty when there is nothing to tell.' }),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntryView = z.output<typeof AuditEntryView>

const texts = ['username', 'remote_ip', 'application', 'action', 'affected_id', 'client_id', 'client_hostname'] as const

/** Query of the audit log. */
export const auditList = listGrammar({
  sort: ['timestamp', ...texts],
  filter: [...texts, 'timestamp[gt]', 'timestamp[lt]', 'timestamp[since]', 'timestamp[until]'],
  page: { default: 10, max: 100 },
})

/** Who did what. */
export const auditlog = resource('Audit log', {
  list: endpoint({
    method: 'GET',
    path: '/auditlog',
    summary: 'List what was done, oldest first',
    description:
      'Administrators see everything, others what they did themselves. Rotated parts are in files on the server.',
    auth: 'user',
    permission: 'auditlog',
    list: auditList,
    reply: page(AuditEntryView),
    errors: ['audit_filter_forbidden', 'audit_log_disabled'],
  }),
})
