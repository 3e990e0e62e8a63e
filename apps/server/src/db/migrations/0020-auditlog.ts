import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The audit log. Row types: audit-tables.ts. */
export const auditlog: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('audit_log')
      .addColumn('seq', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('logged_at', 'bigint', (column) => column.notNull())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('remote_ip', 'text', (column) => column.notNull())
      .addColumn('application', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('affected_id', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('client_hostname', 'text', (column) => column.notNull())
      .addColumn('request', 'text', (column) => column.notNull())
      .addColumn('response', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('audit_log_by_time').on('audit_log').column('logged_at').execute()
    await db.schema.createIndex('audit_log_by_username').on('audit_log').column('username').execute()
    await db.schema.createIndex('audit_log_by_affected').on('audit_log').column('affected_id').execute()
    await db.schema
      .createTable('audit_intents')
      .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('begun_at', 'bigint', (column) => column.notNull())
      .addColumn('entry', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('audit_heads')
      .addColumn('seq', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('signed_at', 'bigint', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('signature', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('audit_segments')
      .addColumn('last_seq', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('first_seq', 'integer', (column) => column.notNull())
      .addColumn('previous_hash', 'text', (column) => column.notNull())
      .addColumn('last_hash', 'text', (column) => column.notNull())
      .addColumn('file', 'text', (column) => column.notNull())
      .addColumn('rotated_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
