import { ApiError, apiError, type DeviceSettingsView, type LoginView, type SignOnSettingsView } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { Origin } from '../../../http/index.ts'
import type { Admission } from '../admission.ts'
import type { Lockout } from '../lockout.ts'
import { parseTokenLifetime } from '../token-lifetime.ts'
import type { VouchedUsers } from '../vouched-users.ts'
import type { Identity, IdentityProvider } from './identity-provider.ts'
import type { LoginStates } from './login-state.ts'
import type { PermittedUsers } from './permitted-users.ts'

/** What every way of finishing a login brings. */
interface Finish {
  /** `token-lifetime` as sent. */
  readonly lifetime: string | undefined
  readonly origin: Origin
  /** Told who it is, before it is decided whether they may. */
  onNamed(username: string): void
}

/** Logging in through the identity provider. */
export interface SignOnService {
  browserSettings(): Promise<SignOnSettingsView>
  deviceSettings(): Promise<DeviceSettingsView>
  /** @throws ApiError sign_on_state_invalid, sign_on_refused, sign_on_not_permitted, identity_provider_unavailable, … */
  withCode(login: Finish & { readonly code: string; readonly state: string }): Promise<SignedOn>
  /** @throws ApiError device_login_pending, sign_on_not_permitted, … */
  withDevice(login: Finish & { readonly deviceCode: string }): Promise<SignedOn>
}

/** A login, and whether its user was made by it. */
export interface SignedOn {
  readonly view: LoginView
  readonly isNew: boolean
}

export interface SignOnServiceDeps {
  /** As `/auth/provider` names it. */
  readonly name: string
  readonly provider: IdentityProvider
  readonly states: LoginStates
  readonly permitted: PermittedUsers
  /** Only users that exist. */
  readonly permittedUserList: boolean
  readonly vouchedUsers: VouchedUsers
  readonly admission: Admission
  readonly lockout: Pick<Lockout, 'failed'>
  readonly log: Logger
}

const LOGIN_URI = '/api/v1/oauth/login'
const DEVICE_LOGIN_URI = '/api/v1/oauth/login/device'
/** Questions to the provider at once: strangers may cause them. */
const MAX_ASKING = 32

export function createSignOnService(deps: SignOnServiceDeps): SignOnService {
  const { name, provider, states, permitted, vouchedUsers, admission, lockout, log } = deps
  let asking = 0

  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    if (asking >= MAX_ASKING) throw apiError('too_many_requests_at_once')
    asking += 1
    try {
      return await question()
    } finally {
      asking -= 1
    }
  }

  /** Guessing codes and states counts against the address as guessing passwords does. */
  const counted = async (origin: Origin, question: () => Promise<Identity>): Promise<Identity> => {
    try {
      return await ask(question)
    } catch (error) {
      if (error instanceof ApiError && error.key === 'sign_on_refused') lockout.failed(origin.address)
      throw error
    }
  }

  const enter = async (identity: Identity, { origin, onNamed }: Finish, lifetimeMs: number): Promise<SignedOn> => {
    onNamed(identity.username)
    try {
      permitted.require(identity)
    } catch (error) {
      log.warn({ username: identity.username, address: origin.address }, 'login by the identity provider not permitted')
      throw error
    }
    const { user, isNew } = await vouchedUsers.admitted({
      username: identity.username,
      groups: permitted.groupsOf(identity),
      mayCreate: !deps.permittedUserList,
    })
    return { isNew, view: await admission.admit({ user, proof: 'provider', lifetimeMs, origin }) }
  }

  return {
    async browserSettings() {
      const { flow, expiresAt } = states.begin()
      const authorizeUrl = await ask(() => provider.authorizeUrl(flow))
      return {
        auth_provider: name,
        details: {
          message: `Log in with ${provider.title}`,
          authorize_url: authorizeUrl,
          login_uri: LOGIN_URI,
          state: flow.state,
          expiry: new Date(expiresAt).toISOString(),
        },
      }
    },

    async deviceSettings() {
      const begun = await ask(() => provider.beginDevice())
      return {
        auth_provider: name,
        details: {
          login_uri: DEVICE_LOGIN_URI,
          auth_info: {
            user_code: begun.userCode,
            device_code: begun.deviceCode,
            verification_uri: begun.verificationUri,
            expires_in: begun.expiresInSeconds,
            interval: begun.intervalSeconds,
            message: `Open ${begun.verificationUri} and enter the code ${begun.userCode}`,
          },
        },
      }
    },

    async withCode(login) {
      const lifetimeMs = parseTokenLifetime(login.lifetime)
      const flow = login.code === '' ? undefined : states.redeem(login.state)
      if (!flow) {
        lockout.failed(login.origin.address)
        throw apiError('sign_on_state_invalid')
      }
      const identity = await counted(login.origin, () => provider.identityOfCode(login.code, flow))
      return enter(identity, login, lifetimeMs)
    },

    async withDevice(login) {
      const lifetimeMs = parseTokenLifetime(login.lifetime)
      const identity = await counted(login.origin, () => provider.identityOfDevice(login.deviceCode))
      return enter(identity, login, lifetimeMs)
    },
  }
}
