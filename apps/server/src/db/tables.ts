import type {
  ClientAuthsTable,
  GroupDetailsTable,
  SessionsTable,
  UserGroupsTable,
  UsersTable,
} from './account-tables.ts'
import type {
  AuditHeadsTable,
  AuditImportsTable,
  AuditIntentsTable,
  AuditLogTable,
  AuditSegmentsTable,
} from './audit-tables.ts'
import type { ClientGroupsTable, ClientsTable } from './client-tables.ts'
import type { FactorWaitsTable, RecoveryCodesTable, TotpStepsTable } from './factor-tables.ts'
import type { ApiTokensTable } from './token-tables.ts'
import type { VaultStatusTable, VaultValuesTable } from './vault-tables.ts'

/** Every table of the embedded database. A feature adds its row types in a file of its own and names its tables here. */
export interface Tables {
  users: UsersTable
  user_groups: UserGroupsTable
  group_details: GroupDetailsTable
  sessions: SessionsTable
  client_auths: ClientAuthsTable
  clients: ClientsTable
  api_tokens: ApiTokensTable
  client_groups: ClientGroupsTable
  factor_waits: FactorWaitsTable
  totp_steps: TotpStepsTable
  recovery_codes: RecoveryCodesTable
  vault_status: VaultStatusTable
  vault_values: VaultValuesTable
  audit_log: AuditLogTable
  audit_intents: AuditIntentsTable
  audit_heads: AuditHeadsTable
  audit_segments: AuditSegmentsTable
  audit_imports: AuditImportsTable
}
