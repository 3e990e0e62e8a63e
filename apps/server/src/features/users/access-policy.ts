import { ADMINISTRATORS, type Permission } from '@rport/api'
import type { JsonObject } from '@rport/protocol'
import type { AccessPolicy, Actor } from '../../http/index.ts'
import { allPermissions, noPermissions } from './group-permissions.ts'
import type { UserDirectory, UserGroup, UserGroupDirectory } from './user-directory.ts'

export interface AccessPolicyOptions {
  readonly directory: Grants
  /** User groups that may use a client, by itself or through its client groups; undefined: there is no such client. */
  readonly userGroupsOf: (clientId: string) => readonly string[] | undefined
}

/** What an actor may do, as data: the answer to `permission` for every permission there is. */
export type Grants = Pick<UserDirectory, 'groupPermissionsEnabled'> & {
  readonly groups: Pick<UserGroupDirectory, 'detailsOf'>
}

/**
 * The union of what the groups grant. compat: a group without details grants nothing, except Administrators, which grants
 * all; but an Administrators group **with** details grants what they say, and being an administrator does not bypass it.
 */
export async function effectivePermissions(
  grants: Grants,
  groups: readonly string[],
): Promise<ReadonlySet<Permission>> {
  if (!grants.groupPermissionsEnabled) return allPermissions
  const details = await grants.groups.detailsOf(groups)
  return new Set(groups.flatMap((name) => [...(details.get(name) ?? undescribedGroup(name)).permissions]))
}

/** What the groups restrict beyond their permissions, one entry for each group that restricts something. */
export async function tunnelAndCommandRestrictions(
  grants: Grants,
  groups: readonly string[],
): Promise<{ tunnelsRestricted: JsonObject[]; commandsRestricted: JsonObject[] }> {
  const details = grants.groupPermissionsEnabled ? [...(await grants.groups.detailsOf(groups)).values()] : []
  return {
    tunnelsRestricted: details.map((group) => group.tunnelsRestricted).filter((found) => found !== null),
    commandsRestricted: details.map((group) => group.commandsRestricted).filter((found) => found !== null),
  }
}

/** A group that nobody has described: it grants nothing, but Administrators grants everything. */
export const undescribedGroup = (name: string): UserGroup => ({
  name,
  permissions: name === ADMINISTRATORS ? allPermissions : noPermissions,
  tunnelsRestricted: null,
  commandsRestricted: null,
})

const isAdministrator = (actor: Actor): boolean => actor.groups.includes(ADMINISTRATORS)

/** The one place that decides who may do what. @see rport API, permissions and client access */
export function createAccessPolicy({ directory, userGroupsOf }: AccessPolicyOptions): AccessPolicy {
  return {
    permission: async (actor, name) => (await effectivePermissions(directory, actor.groups)).has(name),
    isAdmin: isAdministrator,
    clientAccess(actor, clientId) {
      const allowed = userGroupsOf(clientId)
      if (allowed === undefined) return 'unknown'
      return isAdministrator(actor) || allowed.some((group) => actor.groups.includes(group)) ? 'allowed' : 'denied'
    },
  }
}
