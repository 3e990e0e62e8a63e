import { ADMINISTRATORS, apiError } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import { toUserGroup } from './group-details.ts'
import { formatGroupPermissions } from './group-permissions.ts'
import type { UserGroup, UserGroupDirectory } from './user-directory.ts'

/**
 * User groups of our own tables. Every request asks for the details of its user's groups, and they seldom change: they are
 * read once and again after each change. Nobody else writes this table while the server runs.
 */
export function createEmbeddedUserGroups({ db, log }: { db: Database; log: Logger }): UserGroupDirectory {
  let known: Promise<ReadonlyMap<string, UserGroup>> | undefined
  const read = async (): Promise<ReadonlyMap<string, UserGroup>> => {
    const rows = await db.read.selectFrom('group_details').selectAll().execute()
    return new Map(rows.map((row) => [row.name, toUserGroup(row, log)]))
  }
  const all = () => {
    if (known !== undefined) return known
    const reading = read()
    known = reading
    // A failure is for those who asked; the next one reads anew.
    reading.catch(() => {
      if (known === reading) known = undefined
    })
    return reading
  }
  /** Forgets before the change is acknowledged: whoever asks after that reads what was written. */
  const change = async (write: () => Promise<unknown>) => {
    try {
      await write()
    } finally {
      known = undefined
    }
  }
  return {
    async detailsOf(names) {
      if (names.length === 0) return new Map()
      const groups = await all()
      const found = new Map<string, UserGroup>()
      for (const name of names) {
        const group = groups.get(name)
        if (group) found.set(name, group)
      }
      return found
    },

    async list() {
      const rows = await db.read.selectFrom('group_details').selectAll().orderBy('name').execute()
      const known = new Set(rows.map((row) => row.name))
      const used = await db.read
        .selectFrom('user_groups')
        .select('group_name')
        .distinct()
        .orderBy('group_name')
        .execute()
      const others = used.map((row) => row.group_name).filter((name) => !known.has(name))
      return { detailed: rows.map((row) => toUserGroup(row, log)), others }
    },

    async save(group) {
      const row = {
        permissions: formatGroupPermissions(group.permissions),
        tunnels_restricted: group.tunnelsRestricted === null ? '' : JSON.stringify(group.tunnelsRestricted),
        commands_restricted: group.commandsRestricted === null ? '' : JSON.stringify(group.commandsRestricted),
      }
      await change(() =>
        db.write((trx) =>
          trx
            .insertInto('group_details')
            .values({ name: group.name, ...row })
            .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
            .execute(),
        ),
      )
    },

    async delete(name) {
      await change(() =>
        db.write(async (trx) => {
          const member = await trx
            .selectFrom('user_groups')
            .select('username')
            .where('group_name', '=', name)
            .executeTakeFirst()
          if (name === ADMINISTRATORS && member) throw apiError('last_administrator')
          await trx.deleteFrom('user_groups').where('group_name', '=', name).execute()
          await trx.deleteFrom('group_details').where('name', '=', name).execute()
        }),
      )
    },
  }
}
