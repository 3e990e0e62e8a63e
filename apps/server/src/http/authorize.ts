import { apiError, type EndpointSpec } from '@rport/api'
import type { Actor } from './actor.ts'
import type { AccessPolicy } from './doors.ts'

/**
 * Enforces what an endpoint declares, in the order that callers know: the client first, then the permission, then the group.
 * @throws client_not_found, client_access_denied, permission_missing, not_administrator
 */
export async function authorize(
  policy: AccessPolicy,
  spec: EndpointSpec,
  actor: Actor,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  if (spec.clientAccess) await checkClient(policy, actor, params['client_id'] ?? '')
  if (spec.permission !== undefined && !(await policy.permission(actor, spec.permission))) {
    throw apiError('permission_missing', { permission: spec.permission })
  }
  if (spec.admin && !(await policy.isAdmin(actor))) throw apiError('not_administrator')
}

async function checkClient(policy: AccessPolicy, actor: Actor, clientId: string): Promise<void> {
  const access = await policy.clientAccess(actor, clientId)
  if (access === 'unknown') throw apiError('client_not_found', { clientId })
  if (access === 'denied') throw apiError('client_access_denied', { clientIds: clientId })
}
