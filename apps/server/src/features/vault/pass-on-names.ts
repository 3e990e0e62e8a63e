import type { Database } from '../../db/index.ts'

/** What the user `from` wrote was written by `to` from now on; '' = by nobody any more. Values stay sealed as they are. */
export async function passOnVaultNames(db: Database, from: string, to: string): Promise<void> {
  await db.write(async (trx) => {
    await trx.updateTable('vault_values').set({ created_by: to }).where('created_by', '=', from).execute()
    await trx.updateTable('vault_values').set({ updated_by: to }).where('updated_by', '=', from).execute()
  })
}
