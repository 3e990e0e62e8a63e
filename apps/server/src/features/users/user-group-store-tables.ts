import { ADMINISTRATORS, apiError } from '@rport/api'
import type { Logger } from '@rport/kit'
import { sql } from 'kysely'
import type { ExternalDatabase } from '../../db/index.ts'
import { type GroupRow, toUserGroup } from './group-details.ts'
import { formatGroupPermissions } from './group-permissions.ts'
import type { UserGroupDirectory } from './user-directory.ts'

export interface TableUserGroupsOptions {
  readonly database: ExternalDatabase
  readonly userTable: string
  readonly groupTable: string
  /** Undefined: groups have no permissions of their own. */
  readonly groupDetailsTable: string | undefined
  /** Whether the details have columns for restrictions. */
  readonly withRestrictions: boolean
  readonly log: Logger
}

/** User groups of the original's tables. Replaced row by row: what it means must not depend on the kind of database. */
export function createTableUserGroups(options: TableUserGroupsOptions): UserGroupDirectory {
  const { database, groupDetailsTable, withRestrictions, log } = options
  const memberships = sql.table(options.groupTable)
  const group = sql.ref('group')
  const columns = sql.raw(
    withRestrictions ? 'name, permissions, tunnels_restricted, commands_restricted' : 'name, permissions',
  )

  const requireDetails = () => {
    if (groupDetailsTable === undefined) throw apiError('user_group_details_missing')
    return sql.table(groupDetailsTable)
  }

  return {
    async detailsOf(names) {
      if (names.length === 0 || groupDetailsTable === undefined) return new Map()
      const { rows } = await sql<GroupRow>`
        select ${columns} from ${requireDetails()} where name in (${sql.join([...names])})`.execute(database.read)
      return new Map(rows.map((row) => [row.name, toUserGroup(row, log)]))
    },

    async list() {
      const details =
        groupDetailsTable === undefined
          ? []
          : (await sql<GroupRow>`select ${columns} from ${requireDetails()} order by name`.execute(database.read)).rows
      const known = new Set(details.map((row) => row.name))
      const { rows } = await sql<{ name: string | null }>`
        select distinct ${group} as name from ${memberships} order by name`.execute(database.read)
      const others = rows.flatMap(({ name }) => (name === null || name === '' || known.has(name) ? [] : [name]))
      return { detailed: details.map((row) => toUserGroup(row, log)), others }
    },

    async save({ name, permissions, tunnelsRestricted, commandsRestricted }) {
      const details = requireDetails()
      if (!withRestrictions && (tunnelsRestricted ?? commandsRestricted) !== null)
        throw apiError('restrictions_not_storable')
      const text = formatGroupPermissions(permissions)
      const restrictions = [tunnelsRestricted, commandsRestricted].map((value) => value && JSON.stringify(value))
      await database.write(async (trx) => {
        await sql`delete from ${details} where name = ${name}`.execute(trx)
        const values = withRestrictions ? [name, text, ...restrictions] : [name, text]
        await sql`insert into ${details} (${columns}) values (${sql.join(values)})`.execute(trx)
      })
    },

    async delete(name) {
      const details = requireDetails()
      await database.write(async (trx) => {
        const { rows } = await sql`
          select username from ${memberships} where ${group} = ${name}
          and username in (select username from ${sql.table(options.userTable)}) limit 1`.execute(trx)
        if (name === ADMINISTRATORS && rows.length > 0) throw apiError('last_administrator')
        await sql`delete from ${memberships} where ${group} = ${name}`.execute(trx)
        await sql`delete from ${details} where name = ${name}`.execute(trx)
      })
    },
  }
}
