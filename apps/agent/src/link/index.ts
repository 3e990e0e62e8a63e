/**
 * The agent's link to its server: dialling, registering, staying connected, coming back.
 * Not for what is done over it (features) nor for how bytes travel (packages/transport).
 * Start at server-link.ts.
 */
export { createDial, type DialDeps, toDialOptions } from './dial.ts'
export { createMachineWatch } from './machine-watch.ts'
export { createServerLink } from './server-link.ts'
