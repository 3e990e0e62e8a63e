import type { Secret } from '@rport/kit'
import { type ClientAuthDirectory, isPlausible } from './client-auth-directory.ts'
import { isSameSecret } from './same-secret.ts'

/** The one credential of the configuration (`[server] auth`). */
export function createStaticClientAuth(auth: { readonly id: string; readonly password: Secret }): ClientAuthDirectory {
  return {
    source: 'Static Credentials',
    mode: 'Read Only',
    recheckMs: undefined,
    existing: async (ids) => new Set(ids.filter((id) => id === auth.id)),
    ids: async () => [auth.id],
    allowsTunnel: async () => true,
    // The service refuses both before they get here: the configuration is not ours to change.
    create: async () => false,
    delete: async () => false,
    async verify(id, password) {
      const isId = isSameSecret(id, auth.id)
      return isSameSecret(password, auth.password.reveal()) && isId && isPlausible(id, password)
    },
  }
}
