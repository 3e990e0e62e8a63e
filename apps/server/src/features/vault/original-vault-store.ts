import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, errorMessage, type Logger } from '@rport/kit'
import { sql } from 'kysely'
import { openExternalSqlite } from '../../db/index.ts'
import { unsealOriginal } from '../../sealed-value.ts'
import { originalKey } from './vault-key.ts'
import type { VaultInput, VaultRow } from './vault-value.ts'

/** Name of the original's vault in its data folder. */
export const ORIGINAL_FILE = 'vault.sqlite.db'

/** A value of the original's vault, opened. */
export type OriginalValue = VaultInput &
  Pick<VaultRow, 'id' | 'created_at' | 'created_by' | 'updated_at' | 'updated_by'>

/** A vault that the original left in the data folder. It is read and never changed. */
export interface OriginalVault {
  /** Whether there is one that was set up. */
  exists(): Promise<boolean>
  /** All values; undefined when the password is wrong. @throws Error naming a value that cannot be opened */
  open(password: string): Promise<OriginalValue[] | undefined>
}

interface StoredRow {
  id: number
  client_id: string | null
  required_group: string | null
  created_at: string | null
  created_by: string | null
  updated_at: string | null
  updated_by: string | null
  key: string
  value: string
  type: string
}

/** Opens the file for each question: a vault is taken over once. */
export function createOriginalVault(options: {
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Logger
}): OriginalVault {
  const file = join(options.dataDir, ORIGINAL_FILE)
  const reading = async <T>(work: (db: ReturnType<typeof openExternalSqlite>['read']) => Promise<T>): Promise<T> => {
    const database = openExternalSqlite({ ...options, file })
    try {
      return await work(database.read)
    } finally {
      await database.close()
    }
  }
  const checkValue = () =>
    reading(async (db) => {
      const { rows } = await sql<{ enc_check: string }>`select enc_check from status order by id limit 1`.execute(db)
      return rows[0]?.enc_check
    })

  return {
    async exists() {
      if (!existsSync(file)) return false
      try {
        return (await checkValue()) !== undefined
      } catch (error) {
        options.log.error({ file, error: errorMessage(error) }, 'vault of the original cannot be read')
        return false
      }
    },

    async open(password) {
      const check = await checkValue()
      const key = originalKey(password)
      if (check === undefined || unsealOriginal(key, check) === undefined) return undefined
      return reading(async (db) => {
        const { rows } = await sql<StoredRow>`select * from ${sql.table('values')} order by id`.execute(db)
        return rows.map((row) => {
          const value = unsealOriginal(key, row.value)
          if (value === undefined) throw new Error(`${file}: the value with id ${row.id} cannot be opened`)
          return toValue(row, value)
        })
      })
    },
  }
}

function toValue(row: StoredRow, value: string): OriginalValue {
  const createdAt = instantOf(row.created_at) ?? 0
  const createdBy = row.created_by ?? ''
  return {
    id: row.id,
    client_id: row.client_id ?? '',
    required_group: row.required_group ?? '',
    key: row.key,
    type: row.type,
    value,
    created_at: createdAt,
    created_by: createdBy,
    updated_at: instantOf(row.updated_at) ?? createdAt,
    updated_by: row.updated_by ?? createdBy,
  }
}

function instantOf(text: string | null): number | undefined {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : at
}
