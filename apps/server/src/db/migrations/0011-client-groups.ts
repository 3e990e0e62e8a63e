import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Groups of clients. Row type: client-tables.ts. */
export const clientGroups: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('client_groups')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('params', 'text', (column) => column.notNull())
      .addColumn('allowed_user_groups', 'text')
      .execute()
  },
}
