import type { TunnelPolicy } from '../features/users/index.ts'

/** No user group restricts anything. */
export const unrestricted: TunnelPolicy = { requireOpen: async () => undefined, requireOwn: async () => undefined }
