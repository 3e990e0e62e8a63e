/**
 * Certificates from an authority that speaks ACME (Let's Encrypt): ordering, proving the name, keeping, renewing.
 * Not for listening to callers, and not for certificates from files.
 * Start at open-acme.ts; acme-certificates.ts decides when something is ordered.
 */
export { createAcmeFolder } from './acme-folder.ts'
export { type Acme, openAcme } from './open-acme.ts'
