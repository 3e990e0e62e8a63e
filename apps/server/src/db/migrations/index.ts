import type { Migrations } from '../migrate.ts'
import { accounts } from './0001-accounts.ts'
import { clients } from './0002-clients.ts'
import { apiTokens } from './0010-api-tokens.ts'
import { clientGroups } from './0011-client-groups.ts'
import { auditlog } from './0020-auditlog.ts'
import { vault } from './0021-vault.ts'
import { pendingSessions } from './0022-pending-sessions.ts'
import { secondFactors } from './0023-second-factors.ts'
import { auditImports } from './0024-audit-imports.ts'

/**
 * The steps from an empty file to today's schema, shared by every kind of database. Not for data that one feature can
 * mend by itself. Start here: a new step is a file `NNNN-noun.ts` and one line below; a released step is never changed.
 */
export const migrations: Migrations = {
  '0001-accounts': accounts,
  '0002-clients': clients,
  '0010-api-tokens': apiTokens,
  '0011-client-groups': clientGroups,
  '0020-auditlog': auditlog,
  '0021-vault': vault,
  '0022-pending-sessions': pendingSessions,
  '0023-second-factors': secondFactors,
  '0024-audit-imports': auditImports,
}
