import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Users, their groups, logins, and the credentials of agents. Row types: account-tables.ts. */
export const accounts: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('users')
      .addColumn('username', 'text', (column) => column.primaryKey().notNull())
      .addColumn('password_hash', 'text', (column) => column.notNull())
      .addColumn('password_expired', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('two_fa_send_to', 'text', (column) => column.notNull().defaultTo(''))
      .addColumn('totp_secret', 'text', (column) => column.notNull().defaultTo(''))
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('user_groups')
      .addColumn('username', 'text', (column) =>
        column.notNull().references('users.username').onUpdate('cascade').onDelete('cascade'),
      )
      .addColumn('group_name', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('user_groups_key', ['username', 'group_name'])
      .execute()
    await db.schema.createIndex('user_groups_by_group').on('user_groups').column('group_name').execute()
    await db.schema
      .createTable('group_details')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('permissions', 'text', (column) => column.notNull().defaultTo('{}'))
      .addColumn('tunnels_restricted', 'text', (column) => column.notNull().defaultTo(''))
      .addColumn('commands_restricted', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
    // No reference to users: names of sessions may come from a file or from somebody else's database.
    await db.schema
      .createTable('sessions')
      .addColumn('session_id', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('jti_hash', 'text', (column) => column.notNull())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('last_access_at', 'bigint', (column) => column.notNull())
      .addColumn('user_agent', 'text', (column) => column.notNull())
      .addColumn('ip_address', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('sessions_by_username').on('sessions').column('username').execute()
    await db.schema.createIndex('sessions_by_expiry').on('sessions').column('expires_at').execute()
    await db.schema
      .createTable('client_auths')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
