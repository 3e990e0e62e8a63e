import type {
  ClientAuthsTable,
  GroupDetailsTable,
  SessionsTable,
  UserGroupsTable,
  UsersTable,
} from './account-tables.ts'
import type { ClientsTable } from './client-tables.ts'

/** Every table of the embedded database. A feature adds its row types in a file of its own and names its tables here. */
export interface Tables {
  users: UsersTable
  user_groups: UserGroupsTable
  group_details: GroupDetailsTable
  sessions: SessionsTable
  client_auths: ClientAuthsTable
  clients: ClientsTable
}
