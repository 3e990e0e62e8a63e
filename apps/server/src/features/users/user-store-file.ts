import { apiError } from '@rport/api'
import { openReloadingFile } from '@rport/host'
import type { Clock, Logger } from '@rport/kit'
import type { UserDirectory } from './user-directory.ts'
import { changeUserFile, parseUserFile } from './user-file.ts'

export interface FileUsersOptions {
  readonly path: string
  readonly clock: Clock
  readonly log: Logger
}

/** `ifPassword` no longer holds: somebody else changed the password first, and nothing is written. */
class Overtaken extends Error {}

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
    async update(username, change, ifPassword) {
      try {
        await file.change((content) => {
          const user = content.users.get(username)
          if (!user) throw apiError('user_not_found')
          if (ifPassword !== undefined && user.password.text !== ifPassword) throw new Overtaken()
          const renamed = change.username ?? username
          if (renamed !== username && content.users.has(renamed)) throw apiError('username_taken')
          return changeUserFile(content, username, change)
        })
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
      }
    },
    permissionsOf: async () => new Map(),
  }
}
