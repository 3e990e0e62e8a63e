import { apiError } from '@rport/api'
import type { Clock, Logger } from '@rport/kit'
import { toDataURL } from 'qrcode'
import type { Actor, Origin } from '../../http/index.ts'
import type { TextSealing, UserDirectory } from '../users/index.ts'
import type { AppCodes } from './app-codes.ts'
import type { FactorStore } from './factor-store.ts'
import { hashOfRecoveryCode, newRecoveryCode, RECOVERY_CODES } from './recovery-codes.ts'
import { hashOfApp, newAppUrl, parseAppUrl } from './totp.ts'

/** The secret of an app, for typing and for the camera. */
export interface SecretToShow {
  /** base32 */
  readonly secret: string
  /** PNG of 200 × 200 pixels, base64. */
  readonly qr: string
}

/** Apps of users. @throws each method: ApiError totp_disabled, user_not_found; those of the own app session_required */
export interface TotpService {
  /** @throws ApiError totp_secret_not_found */
  show(actor: Actor): Promise<SecretToShow>
  /** Begins to set up an app; it counts when its first code has come. @throws ApiError totp_secret_exists */
  create(actor: Actor): Promise<SecretToShow>
  /** The first code, in a session that is whole. @throws ApiError totp_secret_required, totp_code_wrong, totp_login_expired */
  confirm(actor: Actor, code: string, origin: Origin): Promise<void>
  /** Takes app and recovery codes away; none is fine, too. */
  delete(actor: Actor): Promise<void>
  deleteOf(username: string): Promise<void>
  /** Makes recovery codes; older ones end. @throws ApiError totp_secret_not_found */
  makeRecoveryCodes(actor: Actor): Promise<string[]>
  /** @throws ApiError totp_secret_not_found */
  countRecoveryCodes(actor: Actor): Promise<number>
}

export interface TotpServiceDeps {
  /** undefined: TOTP is off. */
  readonly appCodes: AppCodes | undefined
  readonly directory: Pick<UserDirectory, 'find' | 'update'>
  readonly store: FactorStore
  readonly sealing: TextSealing
  /** `totp_account_name` */
  readonly accountName: string
  readonly clock: Clock
  readonly log: Logger
}

const QR_PIXELS = 200

export function createTotpService(deps: TotpServiceDeps): TotpService {
  const { directory, store, sealing, accountName, clock, log } = deps

  const requireOn = (): AppCodes => {
    if (!deps.appCodes) throw apiError('totp_disabled')
    return deps.appCodes
  }

  /** A program's token must neither read the second factor of its user nor change it. */
  const requireSession = ({ sessionId }: Actor): number => {
    if (sessionId === undefined) throw apiError('session_required')
    return sessionId
  }

  const urlOf = async (username: string): Promise<string> => {
    const user = await directory.find(username)
    if (!user) throw apiError('user_not_found')
    return user.totpSecret
  }

  const urlInUse = async (actor: Actor): Promise<string> => {
    requireOn()
    requireSession(actor)
    const url = await urlOf(actor.username)
    if (url === '') throw apiError('totp_secret_not_found')
    return url
  }

  const remove = async (username: string) => {
    await urlOf(username)
    await directory.update(username, { totpSecret: '' })
    await store.forget(username)
    log.info({ username }, 'authenticator app removed')
  }

  return {
    async show(actor) {
      requireOn()
      const sessionId = requireSession(actor)
      const url = (await urlOf(actor.username)) || sealing.open((await store.find(sessionId))?.totpSecret ?? '')
      if (url === '') throw apiError('totp_secret_not_found')
      return toShow(url)
    },

    async create(actor) {
      const { windowMs } = requireOn()
      const sessionId = requireSession(actor)
      const { username } = actor
      if ((await urlOf(username)) !== '') throw apiError('totp_secret_exists')
      const url = newAppUrl(username, accountName)
      const now = clock.now()
      const wait = await store.find(sessionId)
      if (!wait || wait.expiresAt <= now) {
        await store.await({ sessionId, username, codeHash: '', totpSecret: '', expiresAt: now + windowMs }, now)
      }
      if (!(await store.propose(sessionId, sealing.seal(url)))) throw apiError('totp_secret_exists')
      log.info({ username }, 'authenticator app proposed')
      return toShow(url)
    },

    async confirm(actor, code, origin) {
      const appCodes = requireOn()
      const sessionId = requireSession(actor)
      const { username } = actor
      if ((await urlOf(username)) !== '') throw apiError('totp_secret_exists')
      const verdict = await appCodes.confirm({ sessionId, username, origin }, code)
      if (verdict.kind === 'wrong') throw verdict.error
    },

    async delete(actor) {
      requireOn()
      requireSession(actor)
      await remove(actor.username)
    },

    async deleteOf(username) {
      requireOn()
      await remove(username)
    },

    async makeRecoveryCodes(actor) {
      const url = await urlInUse(actor)
      const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode)
      const hashes = codes.map(hashOfRecoveryCode).filter((hash) => hash !== undefined)
      await store.saveRecoveryCodes(actor.username, hashOfApp(url), hashes)
      log.info({ username: actor.username }, 'recovery codes made')
      return codes
    },

    countRecoveryCodes: async (actor) => store.countRecoveryCodes(actor.username, hashOfApp(await urlInUse(actor))),
  }
}

async function toShow(url: string): Promise<SecretToShow> {
  const image = await toDataURL(url, { type: 'image/png', width: QR_PIXELS })
  return { secret: parseAppUrl(url)?.secret ?? '', qr: image.slice(image.indexOf(',') + 1) }
}
