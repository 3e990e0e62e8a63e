import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The managed machines. Row type: client-tables.ts. */
export const clients: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('clients')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('client_auth_id', 'text', (column) => column.notNull())
      .addColumn('disconnected_at', 'bigint')
      .addColumn('details', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('clients_by_client_auth').on('clients').column('client_auth_id').execute()
  },
}
