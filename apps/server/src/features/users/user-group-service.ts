import { apiError, type Permission, permissions } from '@rport/api'
import type { Logger } from '@rport/kit'
import { undescribedGroup } from './access-policy.ts'
import { parseCommandRestriction, parseTunnelRestriction } from './restriction.ts'
import type { UserDirectory, UserGroup } from './user-directory.ts'
import { requireUserGroupName } from './user-names.ts'

/** What an administrator grants to a user group. */
export interface UserGroupInput {
  /** By name; names that are no permission are refused. */
  readonly permissions: Readonly<Record<string, boolean>>
  readonly tunnelsRestricted: Readonly<Record<string, unknown>> | null
  readonly commandsRestricted: Readonly<Record<string, unknown>> | null
}

/** User groups, as administrators change them. */
export interface UserGroupService {
  /** Those with details by name, then those that only exist by their members. @throws ApiError user_groups_of_… */
  list(): Promise<UserGroup[]>
  /** A name that nobody has described is no error. @throws ApiError users_not_changeable, user_groups_of_file */
  get(name: string): Promise<UserGroup>
  /** @throws ApiError invalid_json, restriction_invalid, user_group_name_invalid, … */
  save(name: string, input: UserGroupInput): Promise<UserGroup>
  /** Nothing happens when there is none. @throws ApiError last_administrator, … */
  delete(name: string): Promise<void>
  /** @throws ApiError user_groups_not_found, user_groups_of_… */
  requireAll(names: readonly string[]): Promise<void>
}

export function createUserGroupService(deps: { directory: UserDirectory; log: Logger }): UserGroupService {
  const { directory, log } = deps

  const requireStore = () => {
    if (directory.source === 'Static Credentials') throw apiError('users_not_changeable')
    if (directory.source === 'File') throw apiError('user_groups_of_file')
  }
  const list = async () => {
    const { detailed, others } = await directory.groups.list()
    return [...detailed, ...others.map(undescribedGroup)]
  }

  return {
    list,
    async get(name) {
      requireStore()
      return (await directory.groups.detailsOf([name])).get(name) ?? undescribedGroup(name)
    },
    async save(name, input) {
      requireStore()
      requireUserGroupName(name)
      const unknown = Object.keys(input.permissions).find((key) => !isPermission(key))
      if (unknown !== undefined) {
        throw apiError('invalid_json', {}, { detail: `invalid permission: ${unknown.slice(0, 100)}` })
      }
      const group: UserGroup = {
        name,
        permissions: new Set(permissions.filter((key) => input.permissions[key] === true)),
        tunnelsRestricted: parseTunnelRestriction(input.tunnelsRestricted),
        commandsRestricted: parseCommandRestriction(input.commandsRestricted),
      }
      await directory.groups.save(group)
      log.info({ group: name, permissions: [...group.permissions].join(' ') }, 'user group saved')
      return group
    },
    async delete(name) {
      requireStore()
      await directory.groups.delete(name)
      log.info({ group: name }, 'user group deleted')
    },
    async requireAll(names) {
      const known = new Set((await list()).map((group) => group.name))
      const missing = names.filter((name) => !known.has(name))
      if (missing.length > 0) throw apiError('user_groups_not_found', { names: missing.join(', ') })
    },
  }
}

const isPermission = (name: string): name is Permission => (permissions as readonly string[]).includes(name)
