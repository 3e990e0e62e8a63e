import { type Database, preparedQuery } from '../../db/index.ts'

/** A login as it is stored. Instants in milliseconds since 1970. */
export interface SessionRow {
  readonly session_id: number
  readonly jti_hash: string
  readonly username: string
  readonly created_at: number
  readonly expires_at: number
  readonly last_access_at: number
  readonly user_agent: string
  readonly ip_address: string
  /** 1: a second factor is due. */
  readonly is_pending: number
  readonly new_password_hash: string
}

/** What each use of a session changes. */
export type SessionUse = Pick<SessionRow, 'expires_at' | 'last_access_at' | 'user_agent' | 'ip_address'>

/** Rows of the table `sessions`. */
export interface SessionStore {
  find(sessionId: number): Promise<SessionRow | undefined>
  /** Sessions of a user, whether expired or not. */
  listOf(username: string): Promise<SessionRow[]>
  /** @returns whether the id was free; nothing is written when it is not */
  insert(row: SessionRow): Promise<boolean>
  /** Writes down a use; does nothing for a session that has ended meanwhile, and never shortens its life. */
  touch(sessionId: number, use: SessionUse): Promise<void>
  /** @returns whether there was such a session of this user */
  delete(username: string, sessionId: number): Promise<boolean>
  deleteOf(username: string): Promise<void>
  /** Keeps the `keep` sessions of the user and of this kind that were used last. */
  trim(username: string, isPending: number, keep: number): Promise<void>
  /** Deletes a login whose second factor was due. @returns what it was; undefined when there is no such one */
  takePending(username: string, sessionId: number): Promise<SessionRow | undefined>
  deleteExpired(now: number): Promise<number>
}

/** Asked at every request of a session. */
const findById = preparedQuery<SessionRow>('select * from sessions where session_id = ?')

export function createSessionStore(db: Database): SessionStore {
  return {
    find: async (sessionId) => (await findById(db.read, [sessionId]))[0],

    listOf: (username) => db.read.selectFrom('sessions').selectAll().where('username', '=', username).execute(),

    insert: (row) =>
      db.write(async (trx) => {
        const result = await trx
          .insertInto('sessions')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        return result.numInsertedOrUpdatedRows === 1n
      }),

    touch: (sessionId, use) =>
      db.write(async (trx) => {
        await trx
          .updateTable('sessions')
          .set((columns) => ({
            last_access_at: use.last_access_at,
            user_agent: use.user_agent,
            ip_address: use.ip_address,
            expires_at: columns
              .case()
              .when('expires_at', '<', use.expires_at)
              .then(use.expires_at)
              .else(columns.ref('expires_at'))
              .end(),
          }))
          .where('session_id', '=', sessionId)
          .execute()
      }),

    delete: (username, sessionId) =>
      db.write(async (trx) => {
        const result = await trx
          .deleteFrom('sessions')
          .where('session_id', '=', sessionId)
          .where('username', '=', username)
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),

    deleteOf: (username) =>
      db.write(async (trx) => void (await trx.deleteFrom('sessions').where('username', '=', username).execute())),

    trim: (username, isPending, keep) =>
      db.write(async (trx) => {
        const surplus = trx
          .selectFrom('sessions')
          .select('session_id')
          .where('username', '=', username)
          .where('is_pending', '=', isPending)
          .orderBy('last_access_at', 'desc')
          .orderBy('session_id')
          .limit(1_000_000)
          .offset(keep)
        await trx.deleteFrom('sessions').where('session_id', 'in', surplus).execute()
      }),

    takePending: (username, sessionId) =>
      db.write((trx) =>
        trx
          .deleteFrom('sessions')
          .where('session_id', '=', sessionId)
          .where('username', '=', username)
          .where('is_pending', '=', 1)
          .returningAll()
          .executeTakeFirst(),
      ),

    deleteExpired: (now) =>
      db.write(async (trx) => {
        const result = await trx.deleteFrom('sessions').where('expires_at', '<=', now).executeTakeFirst()
        return Number(result.numDeletedRows)
      }),
  }
}

/** Ends all sessions of a user, for whoever has no running server at hand: one looks at the rows at every request. */
export const endStoredSessions = (db: Database, username: string): Promise<void> =>
  createSessionStore(db).deleteOf(username)
