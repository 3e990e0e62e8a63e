import { errorMessage, type Logger } from '@rport/kit'
import type { Database, JoinedWrite } from '../../db/index.ts'
import type { Client } from './client.ts'
import { StoredClient, toStored } from './stored-client.ts'

/** Rows of clients. */
export interface ClientStore {
  /**
   * Marks every client that seems connected as disconnected at `startedAt`, and reads all.
   * A row that cannot be read is logged and left alone.
   */
  load(startedAt: number): Promise<Client[]>
  /** @param joined  what is written with it, or neither is */
  save(client: Client, joined?: readonly JoinedWrite[]): Promise<void>
  delete(id: string): Promise<void>
}

/** The store on one database, which its caller owns. Everything may throw DatabaseError. */
export function createClientStore({ db, log }: { db: Database; log: Logger }): ClientStore {
  return {
    async load(startedAt) {
      await db.write((trx) =>
        trx.updateTable('clients').set({ disconnected_at: startedAt }).where('disconnected_at', 'is', null).execute(),
      )
      const rows = await db.read.selectFrom('clients').selectAll().execute()
      return rows.flatMap((row) => {
        try {
          const stored = StoredClient.parse(JSON.parse(row.details))
          const disconnectedAt = row.disconnected_at === null ? startedAt : Number(row.disconnected_at)
          const client: Client = {
            ...stored,
            id: row.id,
            clientAuthId: row.client_auth_id,
            sessionId: '',
            disconnectedAt,
            lastHeartbeatAt: undefined,
          }
          return [client]
        } catch (error) {
          log.error({ clientId: row.id, error: errorMessage(error) }, 'stored client cannot be read and is left out')
          return []
        }
      })
    },
    async save(client, joined = []) {
      const row = {
        client_auth_id: client.clientAuthId,
        disconnected_at: client.disconnectedAt ?? null,
        details: JSON.stringify(toStored(client)),
      }
      await db.write(async (trx) => {
        await trx
          .insertInto('clients')
          .values({ id: client.id, ...row })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute()
        for (const write of joined) await write(trx)
      })
    },
    async delete(id) {
      await db.write((trx) => trx.deleteFrom('clients').where('id', '=', id).execute())
    },
  }
}
