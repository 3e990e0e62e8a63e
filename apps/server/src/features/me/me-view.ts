import { type PermissionsView, permissions, type UserView } from '@rport/api'
import type { Account } from './me-service.ts'

/** compat: an account without groups says null; expiry is never shown to its owner. */
export function toUserView({ user, permissions: granted, groupPermissionsEnabled }: Account): UserView {
  return {
    username: user.username,
    password_expired: false,
    groups: user.groups.length > 0 ? [...user.groups] : null,
    two_fa_send_to: user.twoFaSendTo,
    effective_user_permissions: Object.fromEntries(
      permissions.map((name) => [name, granted.has(name)]),
    ) as PermissionsView,
    effective_extended_permissions: { tunnels_restricted: null, commands_restricted: null },
    group_permissions_enabled: groupPermissionsEnabled,
  }
}
