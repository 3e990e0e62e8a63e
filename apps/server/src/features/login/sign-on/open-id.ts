import { ApiError, apiError } from '@rport/api'
import { type Clock, type Logger, MS_PER_HOUR, MS_PER_SECOND } from '@rport/kit'
import * as oidc from 'openid-client'
import type { OAuthClient, OAuthConfig } from '../../../config/index.ts'
import { ASK_TIMEOUT_MS, asUnavailable, boundedFetch } from './bounded-fetch.ts'
import { type Claims, claimAt, rolesIn, usernameIn } from './claims.ts'
import {
  codeRefused,
  devicePending,
  type Identity,
  type IdentityProvider,
  type LoginFlow,
  type ProviderRefusal,
  providerUnavailable,
} from './identity-provider.ts'
import { requireGoogleGroup, requireMicrosoftGroup } from './memberships.ts'

export interface OpenIdDeps {
  readonly clock: Clock
  readonly log: Logger
}

/** What a kind of provider does by default. */
interface Kind {
  readonly title: string
  readonly usernameClaim: string
  readonly roleClaim: string | undefined
  /** Scopes that the question about a group needs. */
  readonly groupScopes: readonly string[]
  readonly apiUrl: string
}

const kinds: Readonly<Record<Exclude<OAuthConfig['provider'], 'github'>, Kind>> = {
  microsoft: {
    title: 'Microsoft',
    usernameClaim: 'preferred_username',
    roleClaim: 'roles',
    groupScopes: ['https://graph.microsoft.com/GroupMember.Read.All'],
    apiUrl: 'https://graph.microsoft.com/v1.0',
  },
  google: {
    title: 'Google',
    usernameClaim: 'email',
    roleClaim: undefined,
    groupScopes: ['https://www.googleapis.com/auth/cloud-identity.groups.readonly'],
    apiUrl: 'https://cloudidentity.googleapis.com',
  },
  auth0: { title: 'Auth0', usernameClaim: 'email', roleClaim: undefined, groupScopes: [], apiUrl: '' },
  oidc: {
    title: 'the identity provider',
    usernameClaim: 'preferred_username',
    roleClaim: 'groups',
    groupScopes: [],
    apiUrl: '',
  },
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** What a provider says about itself changes seldom, its keys are looked up on their own. */
const DISCOVERY_LIFETIME_MS = MS_PER_HOUR

type Tokens = Awaited<ReturnType<typeof oidc.genericGrantRequest>>

/** Any provider that speaks OpenID Connect. ID tokens are verified by signature, issuer, audience, time and nonce. */
export function createOpenId(
  config: OAuthConfig & { readonly provider: keyof typeof kinds; readonly issuer: string },
  { clock, log }: OpenIdDeps,
): IdentityProvider {
  const kind = kinds[config.provider]
  const usernameClaim = config.usernameClaim ?? kind.usernameClaim
  const roleClaim = config.roleClaim ?? kind.roleClaim
  const needsRoles = config.requiredRole !== undefined || config.roleGroups.length > 0
  const scopes = ['openid', 'profile', 'email', ...(config.requiredGroupId ? kind.groupScopes : []), ...config.scopes]
  const scope = [...new Set(scopes)].join(' ')
  const known = new Map<string, { readonly configured: Promise<oidc.Configuration>; readonly until: number }>()

  const configuredFor = (client: OAuthClient): Promise<oidc.Configuration> => {
    const found = known.get(client.id)
    if (found && found.until > clock.monotonic()) return found.configured
    const configured = configure(config, client)
    known.set(client.id, { configured, until: clock.monotonic() + DISCOVERY_LIFETIME_MS })
    // A provider that was away for a moment is asked again by the next login.
    configured.catch(() => known.delete(client.id))
    return configured
  }

  const identityIn = async (configured: oidc.Configuration, tokens: Tokens): Promise<Identity> => {
    const token = tokens.claims()
    if (!token) throw providerUnavailable('it sends no ID token')
    let claims: Claims = token
    const lacks = (claim: string | undefined) => claim !== undefined && claimAt(claims, claim) === undefined
    const isIncomplete = lacks(usernameClaim) || (needsRoles && lacks(roleClaim))
    if (isIncomplete && configured.serverMetadata().userinfo_endpoint !== undefined) {
      // What is signed counts more than what is merely sent.
      claims = { ...(await oidc.fetchUserInfo(configured, tokens.access_token, token.sub)), ...token }
    }
    const username = usernameIn(claims, usernameClaim)
    await requireGroup({ username, claims, accessToken: tokens.access_token })
    return { username, roles: rolesIn(claims, roleClaim) }
  }

  const requireGroup = async (member: Parameters<typeof requireGoogleGroup>[0]) => {
    const { requiredGroupId: group, apiUrl = kind.apiUrl } = config
    if (group === undefined) return
    if (config.provider === 'microsoft') await requireMicrosoftGroup(member, group, apiUrl)
    if (config.provider === 'google') await requireGoogleGroup(member, group, apiUrl)
  }

  /** Turns what the library throws into what our callers know. */
  const asking = async <T>(work: () => Promise<T>, refused: (refusal: ProviderRefusal) => ApiError): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ApiError) throw error
      const known = error instanceof oidc.ResponseBodyError ? refused(refusalIn(error)) : toUnavailable(error)
      if (known.message.includes('as it should'))
        log.error({ issuer: config.issuer, error: toLogged(error) }, 'identity provider fails')
      throw known
    }
  }

  return {
    title: kind.title,

    authorizeUrl: (flow: LoginFlow) =>
      asking(async () => {
        const url = oidc.buildAuthorizationUrl(await configuredFor(config.client), {
          redirect_uri: config.redirectUri,
          scope,
          state: flow.state,
          nonce: flow.nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(flow.codeVerifier),
          code_challenge_method: 'S256',
        })
        return url.href
      }, codeRefused),

    identityOfCode: (code, flow) =>
      asking(async () => {
        const configured = await configuredFor(config.client)
        const back = new URL(config.redirectUri)
        back.search = new URLSearchParams({
          code,
          state: flow.state,
          iss: configured.serverMetadata().issuer,
        }).toString()
        const tokens = await oidc.authorizationCodeGrant(configured, back, {
          pkceCodeVerifier: flow.codeVerifier,
          expectedState: flow.state,
          expectedNonce: flow.nonce,
          idTokenExpected: true,
        })
        return identityIn(configured, tokens)
      }, codeRefused),

    beginDevice: () =>
      asking(async () => {
        const configured = await configuredFor(config.deviceClient ?? config.client)
        if (configured.serverMetadata().device_authorization_endpoint === undefined) {
          throw apiError('device_login_unsupported')
        }
        const begun = await oidc.initiateDeviceAuthorization(configured, { scope })
        return {
          deviceCode: begun.device_code,
          userCode: begun.user_code,
          verificationUri: begun.verification_uri,
          expiresInSeconds: begun.expires_in,
          intervalSeconds: begun.interval ?? DEFAULT_INTERVAL_SECONDS,
        }
      }, codeRefused),

    identityOfDevice: (deviceCode) =>
      asking(async () => {
        const configured = await configuredFor(config.deviceClient ?? config.client)
        const tokens = await oidc.genericGrantRequest(configured, DEVICE_GRANT, { device_code: deviceCode })
        return identityIn(configured, tokens)
      }, devicePending),
  }
}

/** RFC 8628 §3.2. */
const DEFAULT_INTERVAL_SECONDS = 5

/** Asks the provider about itself; addresses of the configuration go before its own. */
async function configure(config: OAuthConfig & { readonly issuer: string }, client: OAuthClient) {
  const isPlain = config.issuer.startsWith('http:')
  const timeout = ASK_TIMEOUT_MS / MS_PER_SECOND
  const found = await oidc.discovery(new URL(config.issuer), client.id, undefined, oidc.None(), {
    [oidc.customFetch]: fetchLikeUs,
    timeout,
    // The configuration allows it on this machine only.
    execute: isPlain ? [oidc.allowInsecureRequests] : [],
  })
  const { supportsPKCE: _, ...named } = found.serverMetadata()
  const server: oidc.ServerMetadata = {
    ...named,
    ...(config.authorizeUrl === undefined ? {} : { authorization_endpoint: config.authorizeUrl }),
    ...(config.tokenUrl === undefined ? {} : { token_endpoint: config.tokenUrl }),
    ...(config.deviceAuthorizeUrl === undefined ? {} : { device_authorization_endpoint: config.deviceAuthorizeUrl }),
    ...(config.jwksUrl === undefined ? {} : { jwks_uri: config.jwksUrl }),
  }
  const configured = new oidc.Configuration(server, client.id, undefined, authenticationOf(client, server))
  configured.timeout = timeout
  configured[oidc.customFetch] = fetchLikeUs
  if (isPlain) oidc.allowInsecureRequests(configured)
  // Else the library trusts an ID token because it came from the token endpoint.
  oidc.enableNonRepudiationChecks(configured)
  return configured
}

const fetchLikeUs: oidc.CustomFetch = async (url, options) =>
  withStandardNames(await boundedFetch(url, options as Parameters<typeof boundedFetch>[1]))

/** Google says `verification_url` where RFC 8628 says `verification_uri`. */
async function withStandardNames(response: Response): Promise<Response> {
  const text = await response.text()
  const { status, headers } = response
  const renamed = text.includes('"verification_uri"') ? text : text.replace('"verification_url"', '"verification_uri"')
  return new Response(response.body === null ? null : renamed, { status, headers })
}

/** Basic is what every provider must know (RFC 6749 §2.3.1), unless it names others. */
function authenticationOf({ secret }: OAuthClient, server: oidc.ServerMetadata): oidc.ClientAuth {
  if (secret === undefined) return oidc.None()
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return methods.includes('client_secret_basic')
    ? oidc.ClientSecretBasic(secret.reveal())
    : oidc.ClientSecretPost(secret.reveal())
}

function refusalIn(error: oidc.ResponseBodyError): ProviderRefusal {
  const uri = error.cause['error_uri']
  return {
    status: error.status,
    error: error.error,
    description: error.error_description ?? '',
    uri: typeof uri === 'string' ? uri : '',
  }
}

function toUnavailable(error: unknown): ApiError {
  // The library's own words name what does not fit and quote no secret.
  const found = error instanceof oidc.ClientError ? providerUnavailable(error.message, error) : asUnavailable(error)
  return found instanceof ApiError ? found : providerUnavailable('it cannot be understood', error)
}

const toLogged = (error: unknown): string => {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
