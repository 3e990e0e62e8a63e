import { clientOwnership } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'
import { requireClient } from './client-access.ts'
import type { ClientAttributes } from './client-attributes.ts'
import type { ClientRegistry } from './client-registry.ts'

export interface ClientOwnershipRoutesDeps {
  readonly registry: Pick<ClientRegistry, 'find' | 'update'>
  readonly attributes: Pick<ClientAttributes, 'update'>
  /** @throws ApiError user_groups_not_found, or that this server has no user groups */
  readonly requireUserGroups: (names: readonly string[]) => Promise<void>
}

/** The operations of packages/api/src/client-ownership.ts. */
export const clientOwnershipRoutes = (deps: ClientOwnershipRoutesDeps): RouteSet => {
  const { registry, attributes, requireUserGroups } = deps
  return routes(clientOwnership, {
    async updateAcl({ params, body }) {
      await requireUserGroups(body.allowed_user_groups ?? [])
      await registry.update(params.client_id, { allowedUserGroups: body.allowed_user_groups })
    },
    getAttributes({ params }) {
      const { tags, labels } = requireClient(registry, params.client_id)
      return { tags: tags && [...tags], labels: labels && { ...labels } }
    },
    async updateAttributes({ params, body }) {
      requireClient(registry, params.client_id)
      await attributes.update(params.client_id, { tags: body.tags, labels: body.labels })
      return 'ok' as const
    },
  })
}
