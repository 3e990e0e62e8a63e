import { type AuditEntryView, apiError, auditlog, toTimeText } from '@rport/api'
import { type AccessPolicy, type RouteSet, routes } from '../../http/index.ts'
import type { AuditRow } from './audit-event.ts'
import type { AuditStore } from './auditlog-store.ts'

export interface AuditLogRoutesDeps {
  readonly store: Pick<AuditStore, 'list'>
  /** `enable_audit_log` */
  readonly enabled: boolean
  readonly isAdmin: AccessPolicy['isAdmin']
}

/** The operations of packages/api/src/auditlog.ts. */
export const auditlogRoutes = ({ store, enabled, isAdmin }: AuditLogRoutesDeps): RouteSet =>
  routes(auditlog, {
    async list({ actor, list: { filter, sorts, page } }) {
      if (!enabled) throw apiError('audit_log_disabled')
      const seesAll = await isAdmin(actor)
      if (!seesAll && filter.some(({ columns }) => columns.includes('username'))) {
        throw apiError('audit_filter_forbidden')
      }
      const { items, count } = await store.list({
        username: seesAll ? undefined : actor.username,
        filter,
        sorts,
        page,
      })
      return { items: items.map(toView), count }
    },
  })

const toView = ({
  seq: _seq,
  logged_at,
  hash: _hash,
  imported_at: _importedAt,
  ...entry
}: AuditRow): AuditEntryView => ({
  timestamp: toTimeText(logged_at),
  ...entry,
})
