import {
  apiError,
  type BodyOf,
  type ClientGroupField,
  type ClientGroupView,
  clientGroups,
  compileFilter,
  type SortKey,
} from '@rport/api'
import { type Actor, type RouteSet, routes } from '../../http/index.ts'
import type { Client, ClientRegistry, Visibility } from '../clients/index.ts'
import type { ClientGroup } from './client-group.ts'
import type { ClientGroupBook, ClientGroupInput } from './client-group-book.ts'

export interface ClientGroupRoutesDeps {
  readonly book: ClientGroupBook
  readonly registry: Pick<ClientRegistry, 'list'>
  readonly visibilityOf: (actor: Actor) => Promise<Visibility>
}

/** The operations of packages/api/src/client-groups.ts. */
export const clientGroupRoutes = ({ book, registry, visibilityOf }: ClientGroupRoutesDeps): RouteSet => {
  /** The members of every group that an actor may see, by group id. */
  const visibleMembers = (visibility: Visibility): ReadonlyMap<string, readonly Client[]> => {
    const members = new Map<string, Client[]>()
    for (const client of registry.list()) {
      if (!visibility.sees(client.id)) continue
      for (const { id } of book.groupsOf(client)) members.set(id, [...(members.get(id) ?? []), client])
    }
    return members
  }

  return routes(clientGroups, {
    async list({ actor, list }) {
      const visibility = await visibilityOf(actor)
      const fields = list.fields?.client_groups ?? []
      const needsMembers = !visibility.all || fields.some((field) => memberFields.has(field))
      const members = needsMembers ? visibleMembers(visibility) : new Map<string, readonly Client[]>()
      const matches = compileFilter(list.filter, (group: ClientGroup, column) => group[column as 'id' | 'description'])
      const found = book
        .list()
        .filter((group) => (visibility.all || members.has(group.id)) && matches(group))
        .sort(inOrderOf(list.sorts))
      const { offset, limit } = list.page
      const items = found.slice(offset, offset + limit)
      return { items: items.map((group) => toView(group, members.get(group.id), fields)), count: found.length }
    },
    async get({ actor, params, list }) {
      const group = book.find(params.group_id)
      const visibility = await visibilityOf(actor)
      const members = group && visibleMembers(visibility).get(group.id)
      // A group without a client that the caller may see does not exist for him, here as in the list.
      if (!group || !(visibility.all || members)) throw apiError('client_group_not_found', { groupId: params.group_id })
      return toView(group, members, list.fields?.client_groups)
    },
    create: ({ body }) => book.create(toInput(body)),
    async update({ params, body }) {
      if (body.id !== params.group_id) throw apiError('client_group_other_id')
      await book.replace(toInput(body))
    },
    delete: ({ params }) => book.delete(params.group_id),
  })
}

const toInput = (body: BodyOf<(typeof clientGroups)['endpoints']['create']>): ClientGroupInput => ({
  id: body.id,
  description: body.description,
  params: body.params,
  allowedUserGroups: body.allowed_user_groups,
})

const compare = (left: string, right: string): number => (left < right ? -1 : Number(left > right))

function inOrderOf(sorts: readonly SortKey<'id' | 'description'>[]) {
  const keys = [...sorts, { field: 'id', descending: false } as const]
  return (left: ClientGroup, right: ClientGroup): number => {
    for (const { field, descending } of keys) {
      const difference = compare(left[field], right[field])
      if (difference !== 0) return descending ? -difference : difference
    }
    return 0
  }
}

const memberFields: ReadonlySet<ClientGroupField> = new Set(['client_ids', 'num_clients', 'num_clients_connected'])

type Getters = {
  readonly [K in ClientGroupField]: (group: ClientGroup, members: readonly Client[]) => ClientGroupView[K]
}

const getters: Getters = {
  id: (group) => group.id,
  description: (group) => group.description,
  params: (group) => group.params,
  allowed_user_groups: (group) => group.allowedUserGroups && [...group.allowedUserGroups],
  // compat: no client at all is null
  client_ids: (_group, members) => (members.length === 0 ? null : members.map((client) => client.id).sort()),
  num_clients: (_group, members) => members.length,
  num_clients_connected: (_group, members) => members.filter((client) => client.disconnectedAt === undefined).length,
}
const allFields = Object.keys(getters) as ClientGroupField[]

const toView = (
  group: ClientGroup,
  members: readonly Client[] = [],
  fields: readonly ClientGroupField[] = allFields,
): ClientGroupView => Object.fromEntries(fields.map((field) => [field, getters[field](group, members)]))
