import { errorMessage, type Logger } from '@rport/kit'
import { noPermissions, parseGroupPermissions, parseStoredRestriction } from './group-permissions.ts'
import type { UserGroup } from './user-directory.ts'

/** Details of a group as a table holds them; texts, or the blobs that the original writes into SQLite. */
export interface GroupRow {
  readonly name: string
  readonly permissions: unknown
  readonly tunnels_restricted?: unknown
  readonly commands_restricted?: unknown
}

/**
 * Reads a row. One that cannot be read grants nothing, and the log says why: a restriction that is damaged must not
 * become no restriction.
 */
export function toUserGroup(row: GroupRow, log: Logger): UserGroup {
  try {
    return {
      name: row.name,
      permissions: parseGroupPermissions(toText(row.permissions, 'permissions')),
      tunnelsRestricted: parseStoredRestriction(toText(row.tunnels_restricted ?? '', 'tunnels_restricted')),
      commandsRestricted: parseStoredRestriction(toText(row.commands_restricted ?? '', 'commands_restricted')),
    }
  } catch (error) {
    log.error({ group: row.name, reason: errorMessage(error) }, 'group grants nothing because it cannot be read')
    return { name: row.name, permissions: noPermissions, tunnelsRestricted: null, commandsRestricted: null }
  }
}

function toText(value: unknown, what: string): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value
  if (typeof text !== 'string') throw new Error(`${what} are no text`)
  return text
}
