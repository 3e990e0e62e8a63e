import type { UserView } from '@rport/api'
import type { JsonObject } from '@rport/protocol'
import { toPermissionsView } from '../users/index.ts'
import type { Account } from './me-service.ts'

const listOrNull = (list: readonly JsonObject[]): JsonObject[] | null => (list.length === 0 ? null : [...list])

/** compat: an account without groups says null; expiry is never shown to its owner. */
export function toUserView(account: Account): UserView {
  const { user } = account
  return {
    username: user.username,
    password_expired: false,
    groups: user.groups.length > 0 ? [...user.groups] : null,
    two_fa_send_to: user.twoFaSendTo,
    effective_user_permissions: toPermissionsView(account.permissions),
    effective_extended_permissions: {
      tunnels_restricted: listOrNull(account.tunnelsRestricted),
      commands_restricted: listOrNull(account.commandsRestricted),
    },
    group_permissions_enabled: account.groupPermissionsEnabled,
  }
}
