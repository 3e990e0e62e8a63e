import type { ClientAuthDirectory } from './client-auth-directory.ts'

/**
 * Lets agents in that bring neither id nor password (`[server] insecure_no_auth`), beside those with a credential. Ids of
 * clients that came this way belong to nobody.
 */
export const allowAnonymous = (directory: ClientAuthDirectory): ClientAuthDirectory => ({
  ...directory,
  verify: async (id, password) => (id === '' && password === '') || directory.verify(id, password),
})
