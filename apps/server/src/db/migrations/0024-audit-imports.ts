import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Entries of another audit log within ours. Row types: audit-tables.ts. */
export const auditImports: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('audit_log')
      .addColumn('imported_at', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createIndex('audit_log_by_import')
      .on('audit_log')
      .column('imported_at')
      .where('imported_at', '>', 0)
      .execute()
    await db.schema
      .createTable('audit_imports')
      .addColumn('source', 'text', (column) => column.primaryKey().notNull())
      .addColumn('last_rowid', 'bigint', (column) => column.notNull())
      .addColumn('last_digest', 'text', (column) => column.notNull())
      .addColumn('imported_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
