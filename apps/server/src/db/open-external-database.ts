import type { Clock, Logger } from '@rport/kit'
import type { ExternalDatabase, ExternalDatabaseAddress } from './external-database.ts'
import { openExternalMysql } from './external-mysql.ts'
import { openExternalPostgres } from './external-postgres.ts'
import { openExternalSqlite } from './external-sqlite.ts'

/**
 * Opens the database and asks it something.
 * @throws DatabaseError `unreachable` naming where it was looked for and the fix; never the password
 */
export async function openExternalDatabase(
  address: ExternalDatabaseAddress,
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<ExternalDatabase> {
  if (address.kind === 'sqlite') return openExternalSqlite({ file: address.path, ...deps })
  return address.kind === 'mysql' ? openExternalMysql(address, deps) : openExternalPostgres(address, deps)
}
