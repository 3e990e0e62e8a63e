import { join } from 'node:path'
import { StartError } from '@rport/host'
import { type Clock, errorMessage, type Logger } from '@rport/kit'
import type { ClientsAuthConfig, DatabaseConfig, UsersConfig } from './config/index.ts'
import { type Database, type ExternalDatabase, openDatabase, openExternalDatabase } from './db/index.ts'
import {
  allowAnonymous,
  type ClientAuthDirectory,
  createEmbeddedClientAuths,
  createStaticClientAuth,
  type EmbeddedClientAuths,
  openFileClientAuths,
  openTableClientAuths,
} from './features/clients-auth/index.ts'
import { loadSecretSealing } from './features/second-factors/index.ts'
import {
  createEmbeddedUsers,
  createStaticUsers,
  type EmbeddedUsers,
  openFileUsers,
  openTableUsers,
  type TextSealing,
  type UserDirectory,
} from './features/users/index.ts'
import type { Passwords } from './passwords/index.ts'

/** Everything that is kept: our own database, and where users and client credentials live. */
export interface Stores {
  readonly db: Database
  readonly users: UserDirectory
  /** For secrets that are kept in our own database. */
  readonly sealing: TextSealing
  readonly clientAuths: ClientAuthDirectory
  /** Our own ones where they are in use: those that a first start fills. */
  readonly ownUsers: EmbeddedUsers | undefined
  readonly ownClientAuths: EmbeddedClientAuths | undefined
  /** Idempotent. */
  close(): Promise<void>
}

export interface StoresDeps {
  readonly dataDir: string
  readonly usersConfig: UsersConfig
  readonly clientsAuthConfig: ClientsAuthConfig
  readonly databaseConfig: DatabaseConfig | undefined
  readonly passwords: Passwords
  readonly clock: Clock
  readonly log: Logger
}

/** Name of our own database in the data folder. */
export const DATABASE_FILE = 'rportd.db'

/** Opens what the configuration names. What was opened before a failure is closed again. @throws StartError, DatabaseError */
export async function openStores(deps: StoresDeps): Promise<Stores> {
  const { clock, log, passwords } = deps
  const db = await openDatabase({ file: join(deps.dataDir, DATABASE_FILE), clock, log })
  let external: ExternalDatabase | undefined
  const requireExternal = async (): Promise<ExternalDatabase> => {
    if (!deps.databaseConfig) throw new StartError('[database] db_type: describe the database that the tables are in')
    external ??= await openExternalDatabase(deps.databaseConfig, { clock, log })
    return external
  }
  const close = async () => {
    await external?.close()
    await db.close()
  }
  try {
    const sealing = await loadSecretSealing({ dataDir: deps.dataDir, log })
    let ownUsers: EmbeddedUsers | undefined
    let ownClientAuths: EmbeddedClientAuths | undefined
    const openUsers = async (): Promise<UserDirectory> => {
      const { source, twoFactor } = deps.usersConfig
      if (source.kind === 'static') return createStaticUsers(source)
      if (source.kind === 'file') return openFileUsers({ path: source.path, clock, log })
      if (source.kind === 'tables') {
        const withTwoFaSendTo = twoFactor.delivery !== undefined
        const withTotpSecret = deps.usersConfig.totp.enabled
        return openTableUsers({ ...source, database: await requireExternal(), withTwoFaSendTo, withTotpSecret, log })
      }
      ownUsers = createEmbeddedUsers({ db, clock, log, sealing })
      return ownUsers
    }
    const openClientAuths = async (): Promise<ClientAuthDirectory> => {
      const { source, writable } = deps.clientsAuthConfig
      if (source.kind === 'static') return createStaticClientAuth(source)
      if (source.kind === 'file') return openFileClientAuths({ path: source.path, writable, clock, log })
      if (source.kind === 'table')
        return openTableClientAuths({ database: await requireExternal(), table: source.table, writable })
      ownClientAuths = createEmbeddedClientAuths({ db, passwords, writable, clock })
      return ownClientAuths
    }
    const users = await openUsers()
    const credentials = await openClientAuths()
    const clientAuths = deps.clientsAuthConfig.anonymous ? allowAnonymous(credentials) : credentials
    return { db, sealing, users, clientAuths, ownUsers, ownClientAuths, close }
  } catch (error) {
    await close()
    throw error instanceof StartError ? error : new StartError(errorMessage(error), { cause: error })
  }
}
