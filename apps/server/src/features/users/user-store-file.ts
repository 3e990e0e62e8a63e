import { ADMINISTRATORS, apiError } from '@rport/api'
import { openReloadingFile } from '@rport/host'
import type { Clock, Logger } from '@rport/kit'
import type { UserDirectory } from './user-directory.ts'
import { addToUserFile, changeUserFile, parseUserFile, removeFromUserFile, type UserFile } from './user-file.ts'

export interface FileUsersOptions {
  readonly path: string
  readonly clock: Clock
  readonly log: Logger
}

/** The reason would quote paths, and names of users: it is for the log. */
const PROBLEM = '[api] auth_file was not taken over: its last good state stays in force, the log says why'

/** `ifPassword` no longer holds: somebody else changed the password first, and nothing is written. */
class Overtaken extends Error {}

const refuse = async (): Promise<never> => {
  throw apiError('user_groups_of_file')
}

/**
 * Users of the original's JSON file (`[api] auth_file`); edits by others count a second later.
 * @throws StartError naming the file and what is wrong in it
 */
export async function openFileUsers({ path, clock, log }: FileUsersOptions): Promise<UserDirectory> {
  const file = await openReloadingFile({ path, parse: parseUserFile, clock, log })
  return {
    source: 'File',
    passwordStorage: 'bcrypt',
    groupPermissionsEnabled: false,
    find: async (username) => (await file.current()).users.get(username),
    async list() {
      const users = [...(await file.current()).users.values()].map(
        ({ password: _password, totpSecret: _totpSecret, ...user }) => user,
      )
      return users.sort((left, right) => (left.username < right.username ? -1 : 1))
    },
    async create(user) {
      await file.change((content) => {
        if (content.users.has(user.username)) throw apiError('username_taken')
        return addToUserFile(content, user)
      })
    },
    async update(username, change, ifPassword) {
      try {
        await file.change((content) => {
          const user = content.users.get(username)
          if (!user) throw apiError('user_not_found')
          if (ifPassword !== undefined && user.password.text !== ifPassword) throw new Overtaken()
          const renamed = change.username ?? username
          if (renamed !== username && content.users.has(renamed)) throw apiError('username_taken')
          if (change.groups && !change.groups.includes(ADMINISTRATORS)) requireOtherAdministrator(content, username)
          return changeUserFile(content, username, change)
        })
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
      }
    },
    async delete(username) {
      await file.change((content) => {
        if (!content.users.has(username)) throw apiError('user_not_found')
        requireOtherAdministrator(content, username)
        return removeFromUserFile(content, username)
      })
    },
    problem: () => (file.problem === undefined ? undefined : PROBLEM),
    groups: { detailsOf: async () => new Map(), list: refuse, save: refuse, delete: refuse },
  }
}

/** Somebody must be left who can administrate. @throws last_administrator */
function requireOtherAdministrator({ users }: UserFile, username: string): void {
  if (!users.get(username)?.groups.includes(ADMINISTRATORS)) return
  const others = [...users.values()].filter((user) => user.username !== username)
  if (!others.some((user) => user.groups.includes(ADMINISTRATORS))) throw apiError('last_administrator')
}
