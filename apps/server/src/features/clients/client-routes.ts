import { apiError, clients } from '@rport/api'
import { type Actor, type RouteSet, routes } from '../../http/index.ts'
import { requireClient, type Visibility } from './client-access.ts'
import { listClients, listTags } from './client-list.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { ClientService } from './client-service.ts'
import { type GroupIdsOf, toClientView } from './client-view.ts'
import { createFoundIds } from './found-ids.ts'

export interface ClientRoutesDeps {
  readonly registry: ClientRegistry
  readonly service: Pick<ClientService, 'delete' | 'release'>
  readonly visibilityOf: (actor: Actor) => Promise<Visibility>
  readonly groupIdsOf: GroupIdsOf
}

/** The operations of packages/api/src/clients.ts. */
export const clientRoutes = ({ registry, service, visibilityOf, groupIdsOf }: ClientRoutesDeps): RouteSet => {
  const found = createFoundIds()
  return routes(clients, {
    async list({ actor, list }) {
      const { items, count } = listClients(registry, found, list, await visibilityOf(actor), groupIdsOf)
      return { items: items.map((client) => toClientView(client, list.fields?.clients, groupIdsOf)), count }
    },
    get: ({ params, list }) =>
      toClientView(requireClient(registry, params.client_id), list.fields?.clients, groupIdsOf),
    async delete({ params }) {
      requireClient(registry, params.client_id)
      if (!(await service.delete(params.client_id))) throw apiError('client_active')
    },
    async release({ params }) {
      requireClient(registry, params.client_id)
      if (!(await service.release(params.client_id))) throw apiError('client_active')
    },
    listTags: async ({ actor, list }) => listTags(registry, list, await visibilityOf(actor)),
  })
}
