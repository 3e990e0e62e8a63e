/**
 * What a server makes for itself when it starts with nothing: seed of its key, first administrator, first agent credential.
 * Not for showing them: main.ts knows whether a person is watching.
 * Start at first-start.ts.
 */
export { type FirstStartDeps, prepareFirstStart, type UnseenSecrets } from './first-start.ts'
export type { ServerAddresses } from './first-start-note.ts'
export { loadKeySeed } from './key-seed.ts'
export { randomSecret } from './random-secret.ts'
