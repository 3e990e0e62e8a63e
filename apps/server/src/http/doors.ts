import type { ApiError, Permission } from '@rport/api'
import type { Actor, Origin } from './actor.ts'

/** What a request wants, for judging credentials that are good for some requests only. */
export interface Attempt {
  readonly origin: Origin
  readonly method: string
  /** The path as routed, without query: `/api/v1/clients`. */
  readonly path: string
}

/** The judgement over credentials. */
export type AuthOutcome =
  | { readonly kind: 'actor'; readonly actor: Actor }
  | {
      readonly kind: 'refused'
      /** `unauthorized`, `password_expired`, `too_many_attempts`, … */
      readonly error: ApiError
    }

/** Judges credentials and keeps count of failures; written by the login feature. Rejections are bugs (500). */
export interface Authenticator {
  basic(name: string, password: string, attempt: Attempt): Promise<AuthOutcome>
  bearer(token: string, attempt: Attempt): Promise<AuthOutcome>
  /** A request that needs credentials came without any. */
  anonymous(attempt: Attempt): Promise<AuthOutcome>
}

/** Decides what an actor may do; written by the users and clients features. */
export interface AccessPolicy {
  permission(actor: Actor, name: Permission): boolean | Promise<boolean>
  isAdmin(actor: Actor): boolean | Promise<boolean>
  clientAccess(actor: Actor, clientId: string): ClientAccess | Promise<ClientAccess>
}

export type ClientAccess = 'allowed' | 'denied' | 'unknown'

/** Addresses that are shut out for a while after too many failures. */
export interface Bans {
  isBanned(address: string): boolean
  /** Counts a failed attempt that no feature sees: a log-in whose body could not be read. */
  failed(address: string): void
}
