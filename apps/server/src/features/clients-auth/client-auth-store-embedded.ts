import type { Clock } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import type { Passwords } from '../../passwords/index.ts'
import { type ClientAuthDirectory, isPlausible } from './client-auth-directory.ts'
import { hashGeneratedSecret, verifyClientSecret } from './client-auth-secret.ts'

/** Credentials of our own table, hashed: what a server uses that was told nothing else. */
export interface EmbeddedClientAuths extends ClientAuthDirectory {
  /** Whether there is none yet: a first start. */
  isEmpty(): Promise<boolean>
  /**
   * @param origin  `generated`: at least 128 random bits of our own; `chosen`: by a person
   * @returns       whether the id was free; nothing changes when it was not
   */
  create(id: string, secret: string, origin: 'generated' | 'chosen'): Promise<boolean>
}

export interface EmbeddedClientAuthsOptions {
  readonly db: Database
  readonly passwords: Passwords
  /** `[server] auth_write` */
  readonly writable: boolean
  readonly clock: Clock
}

export function createEmbeddedClientAuths(options: EmbeddedClientAuthsOptions): EmbeddedClientAuths {
  const { db, passwords, writable, clock } = options
  // Unknown ids are compared with this one: a slow hash for them would let strangers keep the server busy.
  const nobodys = hashGeneratedSecret('')
  return {
    source: 'DB',
    mode: writable ? 'Read Write' : 'Read Only',

    async exists(id) {
      const row = await db.read.selectFrom('client_auths').select('id').where('id', '=', id).executeTakeFirst()
      return row !== undefined
    },

    async verify(id, password) {
      if (!isPlausible(id, password)) return false
      const row = await db.read.selectFrom('client_auths').select('secret_hash').where('id', '=', id).executeTakeFirst()
      return (await verifyClientSecret(passwords, row?.secret_hash ?? nobodys, password)) && row !== undefined
    },

    async isEmpty() {
      return (await db.read.selectFrom('client_auths').select('id').limit(1).execute()).length === 0
    },

    async create(id, secret, origin) {
      const hash = origin === 'generated' ? hashGeneratedSecret(secret) : await passwords.hash(secret, 'argon2id')
      return db.write(async (trx) => {
        const result = await trx
          .insertInto('client_auths')
          .values({ id, secret_hash: hash, created_at: clock.now() })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        return result.numInsertedOrUpdatedRows === 1n
      })
    },
  }
}
