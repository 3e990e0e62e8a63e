import { createHash, randomBytes } from 'node:crypto'
import { type Clock, type Logger, MS_PER_HOUR, MS_PER_MINUTE, toError } from '@rport/kit'
import type { Origin } from '../../http/index.ts'
import type { SessionRow, SessionStore } from './session-store.ts'
import type { SessionClaims, SessionTokens, TokenScope } from './session-token.ts'

/** A login, as an administrator may see it. */
export interface Session {
  readonly sessionId: number
  readonly username: string
  readonly expiresAt: number
  readonly lastAccessAt: number
  readonly userAgent: string
  readonly address: string
  /** The password was right, the second factor is due: good for that and nothing else. */
  readonly isPending: boolean
}

/** A login to be kept. */
export interface NewSession {
  readonly username: string
  readonly scopes: readonly TokenScope[]
  /** Until it ends unused. */
  readonly lifetimeMs: number
  readonly origin: Origin
}

/** Logins that are alive. */
export interface Sessions {
  /** Starts one. @returns its bearer token */
  start(login: NewSession): Promise<string>
  /**
   * Starts one that waits for the second factor; use does not extend it.
   * @param login.newPasswordHash  the password to be set when it comes; '' = none
   */
  startPending(login: NewSession & { readonly newPasswordHash: string }): Promise<{ sessionId: number; token: string }>
  /** Ends a waiting one: the second factor has come. @returns undefined when it has ended already */
  takePending(username: string, sessionId: number): Promise<{ readonly newPasswordHash: string } | undefined>
  /** The living session that the claims belong to, extended by this use; undefined when it has ended. */
  use(claims: SessionClaims, origin: Origin): Promise<Session | undefined>
  /** Living sessions of a user, the one that was used longest ago first; without those that wait. */
  listOf(username: string): Promise<Session[]>
  /** @returns whether there was such a living session of this user */
  end(username: string, sessionId: number): Promise<boolean>
  /** Ends all sessions of a user at once: after a change of password or name, expiry or deletion. */
  endAllOf(username: string): Promise<void>
  /** Stops the hourly cleaning and writes down what is not written yet. Idempotent. */
  close(): Promise<void>
}

/** Each use lets the session live at least so much longer. */
const EXTENSION_MS = 10 * MS_PER_MINUTE
/** Uses are written down at most so often; what is written counts so much further ahead, so that nothing is lost. */
const WRITE_EVERY_MS = MS_PER_MINUTE
/** Sessions of one user; the one that was used longest ago makes room. */
const MAX_PER_USER = 500
/** Those that wait for a second factor; whoever knows the password must not push out working sessions with them. */
const MAX_PENDING_PER_USER = 20
const MAX_USER_AGENT_LENGTH = 500
/** Two of 2^53 random ids are hardly ever the same. */
const MAX_ID_ATTEMPTS = 5

export interface SessionsOptions {
  readonly store: SessionStore
  readonly tokens: Pick<SessionTokens, 'sign'>
  readonly clock: Clock
  readonly log: Logger
}

type Use = Pick<Session, 'lastAccessAt' | 'userAgent' | 'address'>

/** Starts the hourly cleaning; `close` ends it. */
export function createSessions({ store, tokens, clock, log }: SessionsOptions): Sessions {
  // Uses that are not written yet. Bounded: an entry lives until it is written, a minute after the last write at most.
  const unwritten = new Map<number, Use>()

  const toSession = (row: SessionRow): Session => ({
    sessionId: row.session_id,
    username: row.username,
    expiresAt: row.expires_at,
    lastAccessAt: row.last_access_at,
    userAgent: row.user_agent,
    address: row.ip_address,
    isPending: row.is_pending !== 0,
    ...unwritten.get(row.session_id),
  })

  const write = (sessionId: number, use: Use) => {
    unwritten.delete(sessionId)
    return store.touch(sessionId, {
      expires_at: use.lastAccessAt + EXTENSION_MS + WRITE_EVERY_MS,
      last_access_at: use.lastAccessAt,
      user_agent: use.userAgent,
      ip_address: use.address,
    })
  }

  const keep = (sessionId: number, use: Use, error: unknown) => {
    unwritten.set(sessionId, use)
    log.warn({ error: toError(error) }, 'use of a session was not written down')
  }

  const flush = async () => {
    await Promise.all([...unwritten].map(([id, use]) => write(id, use).catch((error) => keep(id, use, error))))
  }

  const clean = async () => {
    try {
      await flush()
      const ended = await store.deleteExpired(clock.now())
      if (ended > 0) log.debug({ sessions: ended }, 'expired sessions removed')
    } catch (error) {
      log.error({ error: toError(error) }, 'cleaning of sessions failed')
    }
  }
  const cleaning = clock.setInterval(() => void clean(), MS_PER_HOUR, { background: true })

  const start = async (login: NewSession, kind: Pick<SessionRow, 'is_pending' | 'new_password_hash'>) => {
    const { username, scopes, lifetimeMs, origin } = login
    const jti = randomDigits()
    const now = clock.now()
    for (let attempt = 0; attempt < MAX_ID_ATTEMPTS; attempt += 1) {
      const sessionId = randomId()
      const isNew = await store.insert({
        session_id: sessionId,
        jti_hash: hashOf(jti),
        username,
        created_at: now,
        expires_at: now + lifetimeMs,
        last_access_at: now,
        user_agent: origin.userAgent.slice(0, MAX_USER_AGENT_LENGTH),
        ip_address: origin.address,
        ...kind,
      })
      if (!isNew) continue
      await store.trim(username, kind.is_pending, kind.is_pending ? MAX_PENDING_PER_USER : MAX_PER_USER)
      return { sessionId, token: await tokens.sign({ username, sessionId, scopes, jti }) }
    }
    throw new Error('no free session id was found')
  }

  return {
    async start(login) {
      const { token } = await start(login, { is_pending: 0, new_password_hash: '' })
      return token
    },

    startPending: (login) => start(login, { is_pending: 1, new_password_hash: login.newPasswordHash }),

    async takePending(username, sessionId) {
      const row = await store.takePending(username, sessionId)
      return row && row.expires_at > clock.now() ? { newPasswordHash: row.new_password_hash } : undefined
    },

    async use(claims, origin) {
      const row = await store.find(claims.sessionId)
      const now = clock.now()
      if (!row || row.expires_at <= now) return undefined
      // An id that was forged or reused is not enough: name and jti must be those of the login.
      if (row.username !== claims.username || row.jti_hash !== hashOf(claims.jti)) return undefined
      if (row.is_pending) return toSession(row)
      const userAgent = origin.userAgent.slice(0, MAX_USER_AGENT_LENGTH)
      const use = { lastAccessAt: now, userAgent, address: origin.address }
      unwritten.set(row.session_id, use)
      const isDue = row.last_access_at + WRITE_EVERY_MS <= now || row.expires_at < now + EXTENSION_MS
      // A disk that is full must not end sessions: the use is written later.
      if (isDue) await write(row.session_id, use).catch((error) => keep(row.session_id, use, error))
      return toSession(row)
    },

    async listOf(username) {
      const rows = await store.listOf(username)
      return rows
        .filter((row) => row.expires_at > clock.now() && !row.is_pending)
        .map(toSession)
        .sort((a, b) => a.lastAccessAt - b.lastAccessAt || a.sessionId - b.sessionId)
    },

    async end(username, sessionId) {
      const row = await store.find(sessionId)
      if (!(await store.delete(username, sessionId))) return false
      unwritten.delete(sessionId)
      return row !== undefined && row.expires_at > clock.now()
    },

    async endAllOf(username) {
      const rows = await store.listOf(username)
      await store.deleteOf(username)
      for (const row of rows) unwritten.delete(row.session_id)
    },

    async close() {
      cleaning.cancel()
      await flush()
    },
  }
}

/** The API says session ids are numbers: 1 to 2^53 - 1. */
function randomId(): number {
  for (;;) {
    const id = Number(randomBytes(8).readBigUInt64BE() >> 11n)
    if (id > 0) return id
  }
}

/** 128 random bits as the original writes them. */
const randomDigits = (): string => BigInt(`0x${randomBytes(16).toString('hex')}`).toString(10)

/** No salt: a jti is random. The comparison of digests says nothing about the jti. */
const hashOf = (jti: string): string => createHash('sha256').update(jti).digest('base64url')
