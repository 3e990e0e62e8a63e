/**
 * Ways to send a code to a user: by mail, by Pushover, by a program, by a service.
 * Not for what a code is and when it counts (delivered-codes.ts).
 * Start at code-delivery.ts; a new way is one file `by-x.ts`.
 */
export { createMailDelivery } from './by-mail.ts'
export { createPushoverDelivery } from './by-pushover.ts'
export { createScriptDelivery } from './by-script.ts'
export { createUrlDelivery } from './by-url.ts'
export type { CodeDelivery } from './code-delivery.ts'
