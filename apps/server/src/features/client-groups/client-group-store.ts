import { errorMessage, type Logger } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import { type ClientGroup, StoredParams, StoredUserGroups } from './client-group.ts'

/** Rows of the table `client_groups`. Everything may throw DatabaseError. */
export interface ClientGroupStore {
  /** A row that cannot be read is logged and left alone. */
  load(): Promise<ClientGroup[]>
  save(group: ClientGroup): Promise<void>
  delete(id: string): Promise<void>
}

export function createClientGroupStore({ db, log }: { db: Database; log: Logger }): ClientGroupStore {
  return {
    async load() {
      const rows = await db.read.selectFrom('client_groups').selectAll().execute()
      return rows.flatMap(({ id, description, params, allowed_user_groups: allowed }) => {
        try {
          const allowedUserGroups = allowed === null ? null : StoredUserGroups.parse(JSON.parse(allowed))
          return [{ id, description, params: StoredParams.parse(JSON.parse(params)), allowedUserGroups }]
        } catch (error) {
          log.error({ group: id, error: errorMessage(error) }, 'stored client group cannot be read and is left out')
          return []
        }
      })
    },
    async save({ id, description, params, allowedUserGroups }) {
      const row = {
        description,
        params: JSON.stringify(params),
        allowed_user_groups: allowedUserGroups === null ? null : JSON.stringify(allowedUserGroups),
      }
      await db.write((trx) =>
        trx
          .insertInto('client_groups')
          .values({ id, ...row })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute(),
      )
    },
    async delete(id) {
      await db.write((trx) => trx.deleteFrom('client_groups').where('id', '=', id).execute())
    },
  }
}
