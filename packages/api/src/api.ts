import { auditlog } from './auditlog.ts'
import { clientGroups } from './client-groups.ts'
import { clientOwnership } from './client-ownership.ts'
import { clients } from './clients.ts'
import { clientsAuth } from './clients-auth.ts'
import { description } from './description.ts'
import { legacySessions } from './legacy-sessions.ts'
import { login } from './login.ts'
import { me } from './me.ts'
import { meTokens } from './me-tokens.ts'
import { secondFactors } from './second-factors.ts'
import { signOn, signOnSettings } from './single-sign-on.ts'
import { status } from './status.ts'
import { tunnels } from './tunnels.ts'
import { userGroups } from './user-groups.ts'
import { users } from './users.ts'
import { vault } from './vault.ts'

/** The whole API. A resource that is missing here has no SDK methods and no place in the description. */
export const api = {
  auditlog,
  clientGroups,
  clientOwnership,
  clients,
  clientsAuth,
  description,
  legacySessions,
  login,
  me,
  meTokens,
  secondFactors,
  signOn,
  signOnSettings,
  status,
  tunnels,
  userGroups,
  users,
  vault,
} as const
