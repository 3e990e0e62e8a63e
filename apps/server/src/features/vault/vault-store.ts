import type { FilterTree, SortKey } from '@rport/api'
import { sql } from 'kysely'
import { type Database, filterSql, type ListColumns, type Queries, sortSql } from '../../db/index.ts'
import type { KeyDerivation } from './vault-key.ts'
import type { VaultRow } from './vault-value.ts'

/** What is known of the key of the vault. */
export interface VaultLock {
  readonly derivation: KeyDerivation
  /** A known text, sealed with the key. */
  readonly checkValue: string
}

/** A value before it is sealed; `seal` is called with its row, whose id is known then. */
export interface Unsealed {
  /** Absent: a new one. */
  readonly id?: number
  readonly row: Omit<VaultRow, 'id' | 'sealed'>
  readonly seal: (row: Omit<VaultRow, 'sealed'>) => string
}

/** Rows of the vault. */
export interface VaultStore {
  lock(): Promise<VaultLock | undefined>
  /** Writes how the key is derived and the first values, together. @returns false when there is a vault already */
  init(lock: VaultLock, values: readonly Unsealed[], at: number): Promise<boolean>
  /** @param groups  of the reader; undefined: keys of all groups */
  list(query: {
    filter: FilterTree
    sorts: readonly SortKey[]
    groups: readonly string[] | undefined
  }): Promise<VaultRow[]>
  count(): Promise<number>
  find(id: number): Promise<VaultRow | undefined>
  /** @throws the database's error for a key that exists for the same client */
  insert(value: Unsealed): Promise<number>
  /** @returns false when the row changed meanwhile or is gone */
  replace(before: VaultRow, after: VaultRow): Promise<boolean>
  /** @returns false when the row changed meanwhile or is gone */
  delete(row: VaultRow): Promise<boolean>
}

const columns: ListColumns = {
  id: { kind: 'text', column: 'id' },
  client_id: { kind: 'text', column: 'client_id' },
  created_by: { kind: 'text', column: 'created_by' },
  created_at: { kind: 'time', column: 'created_at' },
  key: { kind: 'text', column: 'key' },
}

const ONLY_ID = 1

export function createVaultStore(db: Database): VaultStore {
  return {
    async lock() {
      const row = await db.read.selectFrom('vault_status').selectAll().where('id', '=', ONLY_ID).executeTakeFirst()
      if (!row) return undefined
      const derivation = { salt: Buffer.from(row.salt, 'base64'), memoryKib: row.memory_kib, passes: row.passes }
      return { derivation, checkValue: row.check_value }
    },

    init: ({ derivation, checkValue }, values, at) =>
      db.write(async (trx) => {
        const result = await trx
          .insertInto('vault_status')
          .values({
            id: ONLY_ID,
            salt: derivation.salt.toString('base64'),
            memory_kib: derivation.memoryKib,
            passes: derivation.passes,
            check_value: checkValue,
            created_at: at,
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        if (result.numInsertedOrUpdatedRows !== 1n) return false
        for (const value of values) await insertSealed(trx, value)
        return true
      }),

    list: ({ filter, sorts, groups }) => {
      const order = sortSql(sorts, columns)
      return db.read
        .selectFrom('vault_values')
        .selectAll()
        .where(filterSql(filter, columns))
        .$if(groups !== undefined, (query) => query.where('required_group', 'in', ['', ...(groups ?? [])]))
        .$if(order !== undefined, (query) => query.orderBy(sql`${order}`))
        .orderBy('id')
        .execute()
    },

    async count() {
      const found = await db.read
        .selectFrom('vault_values')
        .select((columnsOf) => columnsOf.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return found.count
    },

    find: (id) => db.read.selectFrom('vault_values').selectAll().where('id', '=', id).executeTakeFirst(),

    insert: (value) => db.write((trx) => insertSealed(trx, value)),

    replace: (before, { id: _id, ...after }) =>
      db.write(async (trx) => {
        const result = await trx
          .updateTable('vault_values')
          .set(after)
          .where('id', '=', before.id)
          .where('sealed', '=', before.sealed)
          .executeTakeFirst()
        return result.numUpdatedRows === 1n
      }),

    delete: (row) =>
      db.write(async (trx) => {
        const result = await trx
          .deleteFrom('vault_values')
          .where('id', '=', row.id)
          .where('sealed', '=', row.sealed)
          .executeTakeFirst()
        return result.numDeletedRows === 1n
      }),
  }
}

/** A value is bound to its id, which only the database knows: the row is there first, within the same transaction. */
async function insertSealed(trx: Queries, { id: wanted, row, seal }: Unsealed): Promise<number> {
  const { id } = await trx
    .insertInto('vault_values')
    .values({ ...row, sealed: '', ...(wanted !== undefined && { id: wanted }) })
    .returning('id')
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('vault_values')
    .set({ sealed: seal({ ...row, id }) })
    .where('id', '=', id)
    .execute()
  return id
}
