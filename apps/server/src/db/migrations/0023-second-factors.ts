import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What comes after passwords. Row types: factor-tables.ts. No reference to users: their names may come from elsewhere. */
export const secondFactors: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('factor_waits')
      .addColumn('session_id', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('code_hash', 'text', (column) => column.notNull())
      .addColumn('totp_secret', 'text', (column) => column.notNull())
      .addColumn('failures', 'integer', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('factor_waits_by_expiry').on('factor_waits').column('expires_at').execute()
    await db.schema
      .createTable('totp_steps')
      .addColumn('username', 'text', (column) => column.primaryKey().notNull())
      .addColumn('last_step', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('recovery_codes')
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('code_hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('recovery_codes_key', ['username', 'code_hash'])
      .execute()
  },
}
