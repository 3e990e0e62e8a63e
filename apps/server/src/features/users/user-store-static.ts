import { ADMINISTRATORS, apiError } from '@rport/api'
import type { Secret } from '@rport/kit'
import type { UserDirectory } from './user-directory.ts'

/** The one user of the configuration (`[api] auth`): an administrator whom only the configuration can change. */
export function createStaticUsers({ username, password }: { username: string; password: Secret }): UserDirectory {
  return {
    source: 'Static Credentials',
    passwordStorage: 'configured',
    groupPermissionsEnabled: false,
    async find(name) {
      if (name !== username) return undefined
      return {
        username,
        groups: [ADMINISTRATORS],
        passwordExpired: false,
        twoFaSendTo: '',
        password: { kind: 'configured', text: password.reveal() },
      }
    },
    async update() {
      throw apiError('single_user_operation')
    },
    permissionsOf: async () => new Map(),
  }
}
