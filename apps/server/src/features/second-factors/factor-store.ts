import type { Database, Queries } from '../../db/index.ts'

/** A session that waits for a code. */
export interface FactorWait {
  readonly sessionId: number
  readonly username: string
  /** '' = the code comes from an app. */
  readonly codeHash: string
  /** As stored; '' = no app is being set up. */
  readonly totpSecret: string
  readonly expiresAt: number
}

/** Why a code may be right; which of it is still unused is judged by the store. */
export type Proof =
  | { readonly kind: 'code' }
  | { readonly kind: 'step'; readonly step: number }
  | { readonly kind: 'recovery'; readonly secretHash: string; readonly codeHash: string }

/** What became of an attempt. `over`: wrong, and the last one that this session had. */
export type Redemption =
  | { readonly kind: 'right'; readonly wait: FactorWait; readonly proof: Proof }
  | { readonly kind: 'wrong' | 'over' | 'expired' | 'unknown' }

/** Rows of `factor_waits`, `totp_steps` and `recovery_codes`. */
export interface FactorStore {
  /** Writes a wait, in place of an older one of the session; those that are long over go. */
  await(wait: FactorWait, now: number): Promise<void>
  find(sessionId: number): Promise<FactorWait | undefined>
  /** Names the app that is being set up, unless there is one already. @returns whether it was written */
  propose(sessionId: number, totpSecret: string): Promise<boolean>
  /**
   * One attempt, judged and used up in one transaction: of a hundred at once each is counted, and none succeeds twice.
   * @param prove  says why the code is right; undefined: it is wrong
   */
  redeem(sessionId: number, now: number, prove: (wait: FactorWait) => Proof | undefined): Promise<Redemption>
  /** Replaces all recovery codes of the user. */
  saveRecoveryCodes(username: string, secretHash: string, codeHashes: readonly string[]): Promise<void>
  countRecoveryCodes(username: string, secretHash: string): Promise<number>
  /** Forgets everything about the user. */
  forget(username: string): Promise<void>
}

/** Wrong codes of one login. */
const MAX_FAILURES = 5
/** Who comes late is told so for that long. */
const KEEP_EXPIRED_MS = 3_600_000

export function createFactorStore(db: Database): FactorStore {
  return {
    await: ({ sessionId, ...wait }, now) =>
      db.write(async (trx) => {
        await trx
          .deleteFrom('factor_waits')
          .where('expires_at', '<', now - KEEP_EXPIRED_MS)
          .execute()
        await trx.deleteFrom('factor_waits').where('session_id', '=', sessionId).execute()
        const row = {
          session_id: sessionId,
          username: wait.username,
          code_hash: wait.codeHash,
          totp_secret: wait.totpSecret,
          failures: 0,
          expires_at: wait.expiresAt,
        }
        await trx.insertInto('factor_waits').values(row).execute()
      }),

    find: (sessionId) => findRow(db.read, sessionId),

    propose: (sessionId, totpSecret) =>
      db.write(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable('factor_waits')
          .set({ totp_secret: totpSecret })
          .where('session_id', '=', sessionId)
          .where('totp_secret', '=', '')
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }),

    redeem: (sessionId, now, prove) =>
      db.write(async (trx): Promise<Redemption> => {
        const wait = await findRow(trx, sessionId)
        if (!wait) return { kind: 'unknown' }
        if (wait.expiresAt <= now) return { kind: 'expired' }
        const proof = prove(wait)
        if (proof && (await isUnused(trx, wait.username, proof))) {
          await trx.deleteFrom('factor_waits').where('session_id', '=', sessionId).execute()
          return { kind: 'right', wait, proof }
        }
        return { kind: (await countFailure(trx, sessionId)) ? 'over' : 'wrong' }
      }),

    saveRecoveryCodes: (username, secretHash, codeHashes) =>
      db.write(async (trx) => {
        await trx.deleteFrom('recovery_codes').where('username', '=', username).execute()
        const rows = codeHashes.map((code_hash) => ({ username, secret_hash: secretHash, code_hash }))
        await trx.insertInto('recovery_codes').values(rows).execute()
      }),

    async countRecoveryCodes(username, secretHash) {
      const found = await db.read
        .selectFrom('recovery_codes')
        .select('code_hash')
        .where('username', '=', username)
        .where('secret_hash', '=', secretHash)
        .execute()
      return found.length
    },

    forget: (username) =>
      db.write(async (trx) => {
        await trx.deleteFrom('factor_waits').where('username', '=', username).execute()
        await trx.deleteFrom('totp_steps').where('username', '=', username).execute()
        await trx.deleteFrom('recovery_codes').where('username', '=', username).execute()
      }),
  }
}

async function findRow(queries: Queries, sessionId: number): Promise<FactorWait | undefined> {
  const row = await queries
    .selectFrom('factor_waits')
    .selectAll()
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return (
    row && {
      sessionId: row.session_id,
      username: row.username,
      codeHash: row.code_hash,
      totpSecret: row.totp_secret,
      expiresAt: row.expires_at,
    }
  )
}

/** Uses up what proves, if it is there to be used. */
async function isUnused(trx: Queries, username: string, proof: Proof): Promise<boolean> {
  if (proof.kind === 'code') return true
  if (proof.kind === 'recovery') {
    const { numDeletedRows } = await trx
      .deleteFrom('recovery_codes')
      .where('username', '=', username)
      .where('secret_hash', '=', proof.secretHash)
      .where('code_hash', '=', proof.codeHash)
      .executeTakeFirst()
    return numDeletedRows > 0n
  }
  const last = await trx
    .selectFrom('totp_steps')
    .select('last_step')
    .where('username', '=', username)
    .executeTakeFirst()
  if (last && proof.step <= last.last_step) return false
  await trx.deleteFrom('totp_steps').where('username', '=', username).execute()
  await trx.insertInto('totp_steps').values({ username, last_step: proof.step }).execute()
  return true
}

/** @returns whether it was the last that the session had */
async function countFailure(trx: Queries, sessionId: number): Promise<boolean> {
  const row = await trx
    .updateTable('factor_waits')
    .set((columns) => ({ failures: columns('failures', '+', 1) }))
    .where('session_id', '=', sessionId)
    .returning('failures')
    .executeTakeFirst()
  if ((row?.failures ?? 0) < MAX_FAILURES) return false
  await trx.deleteFrom('factor_waits').where('session_id', '=', sessionId).execute()
  return true
}

/** Forgets everything about the second factors of a user, for whoever has no running server at hand. */
export const forgetStoredFactors = (db: Database, username: string): Promise<void> =>
  createFactorStore(db).forget(username)
