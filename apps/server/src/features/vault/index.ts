/**
 * The vault: secrets that are kept encrypted under a password, by user group and client.
 * Not for secrets of the server itself, which lie in files of the data folder.
 * Start at vault-service.ts (who may do what) and vault-lock.ts (key and password).
 */
export { createVault, type Vault, type VaultDeps } from './create-vault.ts'
export { passOnVaultNames } from './pass-on-names.ts'
