/**
 * Certificates for TLS listeners: from files that somebody else renews, or from an authority by ACME.
 * Not for listening itself (http/ and the tunnels do that), and not for the keys by which agents know the server.
 * Start at certificates.ts for what a listener is handed, at key-pair.ts for what is refused.
 */
export { type Acme, createAcmeFolder, openAcme } from './acme/index.ts'
export { openCertificateFiles } from './certificate-files.ts'
export type { Certificates } from './certificates.ts'
export { type KeyPair, toKeyPair } from './key-pair.ts'
