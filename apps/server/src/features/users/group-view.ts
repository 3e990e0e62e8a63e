import { type PermissionsView, permissions, type UserGroupView } from '@rport/api'
import type { UserGroup } from './user-directory.ts'

/** All eight permissions, always. */
export const toPermissionsView = (granted: ReadonlySet<string>): PermissionsView =>
  Object.fromEntries(permissions.map((name) => [name, granted.has(name)])) as PermissionsView

/** A group as the API shows it. */
export const toUserGroupView = (group: UserGroup): UserGroupView => ({
  name: group.name,
  permissions: toPermissionsView(group.permissions),
  tunnels_restricted: group.tunnelsRestricted,
  commands_restricted: group.commandsRestricted,
})
