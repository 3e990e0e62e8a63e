/**
 * Logging in through an identity provider: GitHub, and everybody who speaks OpenID Connect.
 * Not for what a session is (admission.ts above) nor for making users (vouched-users.ts above).
 * Start at identity-provider.ts for what a provider is, then sign-on-service.ts.
 */
import type { Clock, Logger, Secret } from '@rport/kit'
import type { OAuthConfig } from '../../../config/index.ts'
import type { RouteSet } from '../../../http/index.ts'
import type { Admission } from '../admission.ts'
import type { Lockout } from '../lockout.ts'
import type { VouchedUsers } from '../vouched-users.ts'
import { createGitHub } from './git-hub.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { createLoginStates } from './login-state.ts'
import { createOpenId } from './open-id.ts'
import { createPermittedUsers } from './permitted-users.ts'
import { signOnRoutes } from './sign-on-routes.ts'
import { createSignOnService } from './sign-on-service.ts'

export interface SignOnDeps {
  /** Undefined: nobody vouches for anybody. */
  readonly config: OAuthConfig | undefined
  /** Signs the states of logins; the same on all nodes of a fleet. */
  readonly secret: Secret
  readonly vouchedUsers: VouchedUsers
  readonly admission: Admission
  readonly lockout: Pick<Lockout, 'failed'>
  readonly clock: Clock
  readonly log: Logger
}

/** Does no I/O: the provider is asked when somebody logs in. */
export function createSignOn({ config, secret, clock, log, ...deps }: SignOnDeps): RouteSet {
  if (!config) return signOnRoutes(undefined)
  const service = createSignOnService({
    ...deps,
    name: config.provider,
    provider: providerOf(config, { clock, log }),
    states: createLoginStates({ secret, clock }),
    permitted: createPermittedUsers(config),
    permittedUserList: config.permittedUserList,
    log,
  })
  return signOnRoutes(service)
}

function providerOf(config: OAuthConfig, deps: { clock: Clock; log: Logger }): IdentityProvider {
  const { provider, issuer } = config
  if (provider === 'github') return createGitHub(config)
  if (issuer === undefined) throw new Error('the configuration of the identity provider has no issuer')
  return createOpenId({ ...config, provider, issuer }, deps)
}
