import { readSecretFile } from '@rport/host'
import { type Clock, errorMessage, type Logger } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import type { AccessPolicy, RouteSet } from '../../http/index.ts'
import type { AuditLog } from '../auditlog/index.ts'
import type { Lockout } from '../login/index.ts'
import { createOriginalVault } from './original-vault-store.ts'
import { createVaultDoor } from './vault-lock.ts'
import { vaultRoutes } from './vault-routes.ts'
import { createVaultService } from './vault-service.ts'
import { createVaultStore } from './vault-store.ts'

export interface VaultDeps {
  readonly db: Database
  /** Where a vault of the original may lie. */
  readonly dataDir: string
  /** `[vault] unlock_file`: holds the password; undefined: people unlock the vault. */
  readonly unlockFile: string | undefined
  /** Slows down wrong passwords. */
  readonly lockout: Pick<Lockout, 'isPaused' | 'loginFailed' | 'loginSucceeded'>
  readonly policy: Pick<AccessPolicy, 'isAdmin' | 'clientAccess'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly clock: Clock
  readonly log: Logger
}

export interface Vault {
  readonly routes: RouteSet
  /** Unlocks the vault where the configuration says how. Never rejects: a server with a locked vault is of use, too. */
  start(): Promise<void>
}

export function createVault(deps: VaultDeps): Vault {
  const { unlockFile, audit, log } = deps
  const store = createVaultStore(deps.db)
  const door = createVaultDoor({ ...deps, store, original: createOriginalVault(deps) })
  const service = createVaultService({ ...deps, store, door })

  const unlockFrom = async (file: string) => {
    const password = await readSecretFile(file, { log })
    if (!password) throw new Error('there is no such file')
    if ((await door.status()).status === '') return
    await door.unlock(password.reveal(), undefined)
    await audit.record({ application: 'vault', action: 'unlock', request: { by: 'unlock_file' } }).catch((error) => {
      door.lock()
      throw error
    })
  }
  return {
    routes: vaultRoutes({ door, service }),
    async start() {
      if (unlockFile === undefined) return
      await unlockFrom(unlockFile).catch((error: unknown) => {
        log.error({ file: unlockFile, error: errorMessage(error) }, 'vault stays locked: unlock_file did not open it')
      })
    },
  }
}
