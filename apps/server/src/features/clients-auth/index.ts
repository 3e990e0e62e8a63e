/**
 * What agents log in with: one directory over four places where credentials may be kept.
 * Not for the agents themselves (features/clients) nor for how often they may try (features/login, lockout).
 * Start at client-auth-directory.ts.
 */
export type { ClientAuthDirectory } from './client-auth-directory.ts'
export { type FileClientAuthsOptions, openFileClientAuths } from './client-auth-file.ts'
export { createStaticClientAuth } from './client-auth-static.ts'
export {
  createEmbeddedClientAuths,
  type EmbeddedClientAuths,
  type EmbeddedClientAuthsOptions,
} from './client-auth-store-embedded.ts'
export { openTableClientAuths, type TableClientAuthsOptions } from './client-auth-store-table.ts'
