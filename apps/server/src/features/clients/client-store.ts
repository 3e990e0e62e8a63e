import { errorMessage, type Logger } from '@rport/kit'
import { type Database, type JoinedWrite, preparedQuery } from '../../db/index.ts'
import type { Client } from './client.ts'
import { StoredClient, toStored } from './stored-client.ts'

/** Rows of clients. */
export interface ClientStore {
  /**
   * Marks every client that seems connected as disconnected at `startedAt`, and reads all.
   * A row that cannot be read is logged and left alone.
   */
  load(startedAt: number): Promise<Client[]>
  /**
   * @param joined      what is written with it, or neither is
   * @param patienceMs  for so long it may wait for others
   */
  save(client: Client, joined?: readonly JoinedWrite[], patienceMs?: number): Promise<void>
  delete(id: string): Promise<void>
}

const upsert = preparedQuery(
  'insert into clients (id, client_auth_id, disconnected_at, details) values (?, ?, ?, ?) on conflict (id) do update set ' +
    'client_auth_id = excluded.client_auth_id, disconnected_at = excluded.disconnected_at, details = excluded.details',
)

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
    async save(client, joined = [], patienceMs = 0) {
      const { id, clientAuthId, disconnectedAt = null } = client
      const details = JSON.stringify(toStored(client))
      await db.write(async (trx) => {
        await upsert(trx, [id, clientAuthId, disconnectedAt, details])
        for (const write of joined) await write(trx)
      }, patienceMs)
    },
    async delete(id) {
      await db.write((trx) => trx.deleteFrom('clients').where('id', '=', id).execute())
    },
  }
}
