import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Logins that wait for their second factor. Row type: account-tables.ts. */
export const pendingSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('sessions')
      .addColumn('is_pending', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .alterTable('sessions')
      .addColumn('new_password_hash', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
  },
}
