import { apiError } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { Client, ClientRegistry } from '../clients/index.ts'
import { type ClientGroup, findGroupFault } from './client-group.ts'
import type { ClientGroupStore } from './client-group-store.ts'
import { compileGroup, type GroupMatcher } from './group-matcher.ts'

/** Every client is held against every group when lists of others are made. */
const MAX_GROUPS = 1000

/** A group as somebody wants it. */
export type ClientGroupInput = Omit<ClientGroup, 'params'> & { readonly params: ClientGroup['params'] | undefined }

/** All client groups and who belongs to them. */
export interface ClientGroupBook {
  /** Reads the table. */
  start(): Promise<void>
  find(id: string): ClientGroup | undefined
  /** In no particular order. */
  list(): readonly ClientGroup[]
  /** Groups that a client belongs to, by id. */
  groupsOf(client: Client): readonly ClientGroup[]
  /** User groups that may use a client, by itself or through its groups; undefined: there is no such client. */
  userGroupsOf(clientId: string): readonly string[] | undefined
  /** @throws ApiError client_group_invalid, client_group_exists, too_many_client_groups */
  create(input: ClientGroupInput): Promise<void>
  /** Creates or replaces a group. @throws ApiError client_group_invalid, too_many_client_groups */
  replace(input: ClientGroupInput): Promise<void>
  /** Nothing happens when there is none. */
  delete(id: string): Promise<void>
}

export interface BookDeps {
  readonly store: ClientGroupStore
  readonly registry: Pick<ClientRegistry, 'find'>
  readonly log: Logger
}

interface Entry {
  readonly group: ClientGroup
  readonly matches: GroupMatcher
}

/** A cache of the table that is complete from `start` on; changes are in it when they are on the disk. */
export function createBook({ store, registry, log }: BookDeps): ClientGroupBook {
  const entries = new Map<string, Entry>()
  // Clients are values that are replaced when anything about them changes, so what was found out about one stays true.
  let memberships = new WeakMap<Client, readonly ClientGroup[]>()

  const put = (id: string, group: ClientGroup | undefined) => {
    if (group) entries.set(id, { group, matches: compileGroup(group.params) })
    else entries.delete(id)
    memberships = new WeakMap()
  }

  const groupsOf = (client: Client): readonly ClientGroup[] => {
    const known = memberships.get(client)
    if (known) return known
    const found = [...entries.values()].filter(({ matches }) => matches(client)).map(({ group }) => group)
    found.sort((left, right) => (left.id < right.id ? -1 : 1))
    memberships.set(client, found)
    return found
  }

  const save = async ({ params, ...facts }: ClientGroupInput, { isNew }: { isNew: boolean }) => {
    const fault = findGroupFault({ id: facts.id, params })
    if (fault || params === undefined) throw fault ?? new Error('a group without parameters passed the check')
    if (isNew && entries.has(facts.id)) throw apiError('client_group_exists', { groupId: facts.id })
    if (entries.size >= MAX_GROUPS && !entries.has(facts.id))
      throw apiError('too_many_client_groups', { max: MAX_GROUPS })
    const group = { ...facts, params }
    await store.save(group)
    put(group.id, group)
    log.info({ group: group.id }, 'client group saved')
  }

  return {
    async start() {
      for (const group of await store.load()) put(group.id, group)
      log.info({ groups: entries.size }, 'client groups loaded')
    },
    find: (id) => entries.get(id)?.group,
    list: () => Array.from(entries.values(), ({ group }) => group),
    groupsOf,
    userGroupsOf(clientId) {
      const client = registry.find(clientId)
      if (!client) return undefined
      const own = client.allowedUserGroups ?? []
      const throughGroups = groupsOf(client).flatMap((group) => group.allowedUserGroups ?? [])
      return throughGroups.length === 0 ? own : [...own, ...throughGroups]
    },
    create: (input) => save(input, { isNew: true }),
    replace: (input) => save(input, { isNew: false }),
    async delete(id) {
      if (!entries.has(id)) return
      await store.delete(id)
      put(id, undefined)
      log.info({ group: id }, 'client group deleted')
    },
  }
}
