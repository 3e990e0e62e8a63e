import { apiError } from '@rport/api'
import type { Actor } from '../../http/index.ts'
import type { ClientRegistry } from './client-registry.ts'

/** Which clients one actor may see, decided for the length of one request. */
export interface Visibility {
  /** Every client: lists need not look at each. */
  readonly all: boolean
  sees(clientId: string): boolean
}

export interface VisibilityDeps {
  readonly isAdmin: (actor: Actor) => boolean | Promise<boolean>
  /** User groups that may use a client, by itself or through its client groups; undefined: there is no such client. */
  readonly userGroupsOf: (clientId: string) => readonly string[] | undefined
}

/** Administrators see all clients, others those that are shared with one of their groups. */
export const createVisibility =
  ({ isAdmin, userGroupsOf }: VisibilityDeps) =>
  async (actor: Actor): Promise<Visibility> => {
    if (await isAdmin(actor)) return { all: true, sees: () => true }
    const groups = new Set(actor.groups)
    const isShared = (clientId: string) => userGroupsOf(clientId)?.some((group) => groups.has(group))
    return { all: false, sees: (clientId) => isShared(clientId) ?? false }
  }

/** The client of a request; its path was checked before, but it may be gone since. @throws client_not_found */
export function requireClient(registry: Pick<ClientRegistry, 'find'>, clientId: string) {
  const client = registry.find(clientId)
  if (!client) throw apiError('client_not_found', { clientId })
  return client
}
