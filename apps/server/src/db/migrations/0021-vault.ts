import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The vault. Row types: vault-tables.ts. */
export const vault: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('vault_status')
      .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('salt', 'text', (column) => column.notNull())
      .addColumn('memory_kib', 'integer', (column) => column.notNull())
      .addColumn('passes', 'integer', (column) => column.notNull())
      .addColumn('check_value', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    // Ids are never used again: an old reference must not lead to a new secret.
    await db.schema
      .createTable('vault_values')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement().notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('required_group', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_by', 'text', (column) => column.notNull())
      .addUniqueConstraint('vault_values_key', ['client_id', 'key'])
      .execute()
  },
}
