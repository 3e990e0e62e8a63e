import {
  type ClientTagView,
  type clientList,
  type clientTagList,
  compileFilter,
  type ListQuery,
  type Page,
} from '@rport/api'
import type { Client } from './client.ts'
import type { Visibility } from './client-access.ts'
import type { ClientRegistry } from './client-registry.ts'
import { type GroupIdsOf, readColumn } from './client-view.ts'
import type { FoundIds } from './found-ids.ts'

type Registry = Pick<ClientRegistry, 'find' | 'list' | 'sortedIds' | 'revision'>

/**
 * One page of the clients that `visibility` covers. The page is cut out of an order that is kept between requests, and of what
 * the filters find of it, which is kept until a client changes. Whose clients are limited has each of them looked at.
 */
export function listClients(
  registry: Registry,
  found: FoundIds,
  query: ListQuery<typeof clientList>,
  visibility: Visibility,
  groupIdsOf: GroupIdsOf,
): Page<Client> {
  const { field, descending } = query.sorts[0] ?? { field: 'id', descending: false }
  const sorted = registry.sortedIds(field)
  const find = () => {
    const matches = compileFilter(query.filter, readColumn(groupIdsOf))
    return sorted.filter((id) => {
      const client = registry.find(id)
      return client !== undefined && matches(client)
    })
  }
  const ids = query.filter.length === 0 ? sorted : found.of(field, query.filter, registry.revision, find)
  const { offset, limit } = query.page
  const at = (index: number) => registry.find(ids[descending ? ids.length - 1 - index : index] ?? '')
  const items: Client[] = []
  if (visibility.all) {
    for (let index = offset; index < Math.min(ids.length, offset + limit); index += 1) {
      const client = at(index)
      if (client) items.push(client)
    }
    return { items, count: ids.length }
  }
  let count = 0
  for (let index = 0; index < ids.length; index += 1) {
    const client = at(index)
    if (!client || !visibility.sees(client.id)) continue
    if (count >= offset && items.length < limit) items.push(client)
    count += 1
  }
  return { items, count }
}

/** One page of the tags that visible clients carry, by tag. */
export function listTags(
  registry: Registry,
  query: ListQuery<typeof clientTagList>,
  visibility: Visibility,
): Page<ClientTagView> {
  const idsByTag = new Map<string, Set<string>>()
  for (const client of registry.list()) {
    if (!client.tags || !visibility.sees(client.id)) continue
    for (const tag of client.tags) idsByTag.set(tag, (idsByTag.get(tag) ?? new Set()).add(client.id))
  }
  const tags = [...idsByTag.keys()].sort()
  const { offset, limit } = query.page
  const fields = query.fields?.client_tags ?? ['tag', 'client_ids']
  const items = tags.slice(offset, offset + limit).map((tag) => ({
    ...(fields.includes('tag') && { tag }),
    ...(fields.includes('client_ids') && { client_ids: [...(idsByTag.get(tag) ?? [])].sort() }),
  }))
  return { items, count: tags.length }
}
