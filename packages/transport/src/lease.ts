import type { Lease } from './channel.ts'

const nothingToRelease = { release: () => undefined }

/** For bytes that nobody else will ever use again: they stay valid as long as someone holds them. */
export const OWNED_BYTES: Lease = { hold: () => nothingToRelease }
