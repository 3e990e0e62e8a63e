import type { Clock } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import type { Passwords } from '../../passwords/index.ts'
import { byLetters, type ClientAuthDirectory, isPlausible } from './client-auth-directory.ts'
import { hashGeneratedSecret, verifyClientSecret } from './client-auth-secret.ts'

/** Credentials of our own table, hashed: what a server uses that was told nothing else. */
export interface EmbeddedClientAuths extends ClientAuthDirectory {
  /** Whether there is none yet: a first start. */
  isEmpty(): Promise<boolean>
  /**
   * @param origin  `generated`: at least 128 random bits of our own; `chosen` (default): by a person
   * @returns       whether the id was free; nothing changes when it was not
   */
  create(id: string, secret: string, origin?: 'generated' | 'chosen'): Promise<boolean>
}

export interface EmbeddedClientAuthsOptions {
  readonly db: Database
  readonly passwords: Passwords
  /** `[server] auth_write` */
  readonly writable: boolean
  readonly clock: Clock
}

/** Ids asked for in one question. */
const IDS_AT_ONCE = 500

export function createEmbeddedClientAuths(options: EmbeddedClientAuthsOptions): EmbeddedClientAuths {
  const { db, passwords, writable, clock } = options
  // Unknown ids are compared with this one: a slow hash for them would let strangers keep the server busy.
  const nobodys = hashGeneratedSecret('')
  return {
    source: 'DB',
    mode: writable ? 'Read Write' : 'Read Only',

    recheckMs: undefined,

    async existing(ids) {
      const there = new Set<string>()
      for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
        const some = ids.slice(from, from + IDS_AT_ONCE)
        const rows = await db.read.selectFrom('client_auths').select('id').where('id', 'in', some).execute()
        for (const { id } of rows) there.add(id)
      }
      return there
    },

    async ids() {
      const rows = await db.read.selectFrom('client_auths').select('id').execute()
      return rows.map(({ id }) => id).sort(byLetters)
    },

    allowsTunnel: async () => true,

    async verify(id, password) {
      if (!isPlausible(id, password)) return false
      const row = await db.read.selectFrom('client_auths').select('secret_hash').where('id', '=', id).executeTakeFirst()
      return (await verifyClientSecret(passwords, row?.secret_hash ?? nobodys, password)) && row !== undefined
    },

    async isEmpty() {
      return (await db.read.selectFrom('client_auths').select('id').limit(1).execute()).length === 0
    },

    async create(id, secret, origin = 'chosen') {
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

    async delete(id) {
      const deleted = await db.write((trx) => trx.deleteFrom('client_auths').where('id', '=', id).executeTakeFirst())
      return deleted.numDeletedRows > 0n
    },
  }
}
