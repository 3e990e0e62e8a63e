import { ADMINISTRATORS, apiError } from '@rport/api'
import type { Secret } from '@rport/kit'
import type { UserDirectory } from './user-directory.ts'

const refuse = async (): Promise<never> => {
  throw apiError('users_not_changeable')
}

/** The one user of the configuration (`[api] auth`): an administrator whom only the configuration can change. */
export function createStaticUsers({ username, password }: { username: string; password: Secret }): UserDirectory {
  const user = { username, groups: [ADMINISTRATORS], passwordExpired: false, twoFaSendTo: '' }
  return {
    source: 'Static Credentials',
    passwordStorage: 'configured',
    groupPermissionsEnabled: false,
    async find(name) {
      if (name !== username) return undefined
      return { ...user, totpSecret: '', password: { kind: 'configured', text: password.reveal() } }
    },
    list: refuse,
    create: refuse,
    async update() {
      throw apiError('single_user_operation')
    },
    delete: refuse,
    groups: {
      detailsOf: async () => new Map(),
      async list() {
        throw apiError('user_groups_of_configuration')
      },
      save: refuse,
      delete: refuse,
    },
  }
}
