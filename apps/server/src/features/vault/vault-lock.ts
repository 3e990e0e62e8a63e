import type { KeyObject } from 'node:crypto'
import { apiError } from '@rport/api'
import { type Clock, errorMessage, type Logger } from '@rport/kit'
import { seal, unseal } from '../../sealed-value.ts'
import type { Lockout } from '../login/index.ts'
import type { OriginalVault } from './original-vault-store.ts'
import { deriveKey, newDerivation } from './vault-key.ts'
import type { Unsealed, VaultStore } from './vault-store.ts'
import { placeOf } from './vault-value.ts'

/** What tells a right key from a wrong one. */
const CHECK_TEXT = 'rport vault'
const CHECK_PLACE = 'rport vault check 1'
/** compat: bytes, as the original counts. */
const MIN_PASSWORD_BYTES = 4
const MAX_PASSWORD_BYTES = 32
/** Under this name failures are counted; users' names have no such letters at their ends. */
const LOCKOUT_NAME = ' vault '

/** The state of the vault, and the key while it is unlocked. The key lives in memory only: a restart locks. */
export interface VaultDoor {
  status(): Promise<{ init: 'uninitialized' | 'setup-completed'; status: '' | 'locked' | 'unlocked' }>
  /** @throws vault_already_initialized, vault_password_length */
  init(password: string): Promise<void>
  /** @param address  of who asks; undefined: the server itself, which nobody slows down
   *  @throws vault_already_unlocked, vault_not_initialized, vault_wrong_password, too_many_attempts */
  unlock(password: string, address: string | undefined): Promise<void>
  /** @throws vault_already_locked */
  lock(): void
  /** @throws vault_locked */
  requireKey(): KeyObject
}

export interface VaultDoorDeps {
  readonly store: VaultStore
  readonly original: OriginalVault
  readonly lockout: Pick<Lockout, 'isPaused' | 'loginFailed' | 'loginSucceeded'>
  readonly clock: Clock
  readonly log: Logger
}

export function createVaultDoor(deps: VaultDoorDeps): VaultDoor {
  const { store, original, lockout, clock, log } = deps
  let key: KeyObject | undefined
  let turn: Promise<unknown> = Promise.resolve()
  /** One derivation at a time: they are meant to be expensive, and guesses are judged one after the other. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined) // the caller hears of it; the next in line must not
    return mine
  }

  const make = async (password: string, values: (key: KeyObject) => readonly Unsealed[]) => {
    const derivation = newDerivation()
    const made = await deriveKey(password, derivation)
    const checkValue = seal(made, CHECK_TEXT, CHECK_PLACE)
    if (!(await store.init({ derivation, checkValue }, values(made), clock.now()))) {
      throw apiError('vault_already_initialized')
    }
    return made
  }
  const takeOver = async (password: string): Promise<KeyObject | undefined> => {
    const values = await original.open(password)
    if (!values) return undefined
    const made = await make(password, (newKey) =>
      values.map(({ id, value, ...row }) => ({ id, row, seal: (place) => seal(newKey, value, placeOf(place)) })),
    )
    log.info({ values: values.length }, 'vault of the original taken over: its file is not needed any more')
    return made
  }
  /** The key that the password stands for; undefined when it does not. */
  const find = async (password: string): Promise<KeyObject | undefined> => {
    const lock = await store.lock()
    if (!lock) {
      if (!(await original.exists())) throw apiError('vault_not_initialized')
      return takeOver(password)
    }
    const derived = await deriveKey(password, lock.derivation)
    return unseal(derived, lock.checkValue, CHECK_PLACE) === CHECK_TEXT ? derived : undefined
  }

  return {
    async status() {
      if (key) return { init: 'setup-completed', status: 'unlocked' }
      const isThere = (await store.lock()) !== undefined || (await original.exists())
      return isThere ? { init: 'setup-completed', status: 'locked' } : { init: 'uninitialized', status: '' }
    },

    init: (password) =>
      inTurn(async () => {
        if ((await store.lock()) || (await original.exists())) throw apiError('vault_already_initialized')
        const bytes = Buffer.byteLength(password)
        if (bytes < MIN_PASSWORD_BYTES || bytes > MAX_PASSWORD_BYTES) {
          throw apiError('vault_password_length', { minBytes: MIN_PASSWORD_BYTES, maxBytes: MAX_PASSWORD_BYTES })
        }
        key = await make(password, () => [])
        log.info({}, 'vault made')
      }),

    unlock: (password, address) =>
      inTurn(async () => {
        if (key) throw apiError('vault_already_unlocked')
        if (address !== undefined && lockout.isPaused(LOCKOUT_NAME, address)) throw apiError('too_many_attempts')
        const found = await find(password)
        if (!found) {
          if (address !== undefined) lockout.loginFailed(LOCKOUT_NAME, address)
          throw apiError('vault_wrong_password')
        }
        if (address !== undefined) lockout.loginSucceeded(LOCKOUT_NAME, address)
        key = found
        log.info({ address }, 'vault unlocked')
      }).catch((error: unknown) => {
        log.debug({ error: errorMessage(error) }, 'vault not unlocked')
        throw error
      }),

    lock() {
      if (!key) throw apiError('vault_already_locked')
      key = undefined
      log.info({}, 'vault locked')
    },

    requireKey() {
      if (!key) throw apiError('vault_locked')
      return key
    },
  }
}
