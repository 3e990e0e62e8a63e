import { type ApiError, apiError } from '@rport/api'
import { LimiterFull, type Passwords } from '../../passwords/index.ts'
import type { StoredUser, UserDirectory } from '../users/index.ts'
import type { Lockout } from './lockout.ts'

/** The judgement over a name and a password. */
export type CredentialVerdict =
  | { readonly kind: 'right'; readonly user: StoredUser }
  | { readonly kind: 'wrong'; readonly error: ApiError }

/** Checks names and passwords, and keeps the count of those who guess. */
export interface CredentialCheck {
  /** Expiry of the password is left to the caller. */
  check(name: string, password: string, address: string): Promise<CredentialVerdict>
}

export interface CredentialCheckDeps {
  readonly directory: Pick<UserDirectory, 'find' | 'passwordStorage'>
  readonly passwords: Pick<Passwords, 'verify'>
  readonly lockout: Lockout
  /** False: a right password is half a login, and forgives no failures. */
  readonly passwordIsEnough: boolean
}

/**
 * Attempts from one address run one after the other: whoever sends a hundred at once must not have them all judged before the
 * first failure counts. Right passwords are remembered, so working programs do not queue.
 */
export function createCredentialCheck(deps: CredentialCheckDeps): CredentialCheck {
  const { directory, passwords, lockout, passwordIsEnough } = deps
  const queues = new Map<string, Promise<unknown>>()

  const inTurn = <T>(address: string, work: () => Promise<T>): Promise<T> => {
    const turn = (queues.get(address) ?? Promise.resolve()).then(work)
    const settled = turn
      .catch(() => undefined) // the caller hears of it; the next in line must not
      .then(() => {
        if (queues.get(address) === settled) queues.delete(address)
      })
    queues.set(address, settled)
    return turn
  }

  const judge = async (name: string, password: string, address: string): Promise<CredentialVerdict> => {
    if (lockout.isPaused(name, address) || lockout.isBanned(address)) {
      return { kind: 'wrong', error: apiError('too_many_attempts') }
    }
    const user = await directory.find(name)
    if (await passwords.verify(user?.password, password, directory.passwordStorage)) {
      if (passwordIsEnough) lockout.loginSucceeded(name, address)
      if (user) return { kind: 'right', user }
    }
    lockout.loginFailed(name, address)
    return { kind: 'wrong', error: apiError('unauthorized') }
  }

  return {
    async check(name, password, address) {
      try {
        return await inTurn(address, () => judge(name, password, address))
      } catch (error) {
        if (error instanceof LimiterFull) return { kind: 'wrong', error: apiError('too_many_requests_at_once') }
        throw error
      }
    },
  }
}
