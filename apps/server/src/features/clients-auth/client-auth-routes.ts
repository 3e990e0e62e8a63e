import { apiError, clientsAuth, parseBoolText } from '@rport/api'
import { MASK } from '@rport/kit'
import { type RouteSet, routes } from '../../http/index.ts'
import type { ClientAuthService } from './client-auth-service.ts'

/** The operations of packages/api/src/clients-auth.ts. */
export const clientAuthRoutes = (service: ClientAuthService): RouteSet =>
  routes(clientsAuth, {
    async list({ list }) {
      const { items, count } = await service.list(list)
      return { items: items.map(toView), count }
    },
    async get({ params }) {
      await service.requireKnown(params.client_auth_id)
      return toView(params.client_auth_id)
    },
    create: ({ body }) => service.create(body),
    async delete({ params, query }) {
      // compat: whether anything may be changed is decided before the query is looked at
      service.requireWritable()
      await service.delete(params.client_auth_id, { force: readForce(query.force) })
    },
  })

const toView = (id: string) => ({ id, password: MASK })

/** Absent and empty mean false. */
function readForce(text: string | undefined): boolean {
  if (text === undefined || text === '') return false
  const force = parseBoolText(text)
  if (force === undefined) throw apiError('client_auth_force_invalid', { value: text })
  return force
}
