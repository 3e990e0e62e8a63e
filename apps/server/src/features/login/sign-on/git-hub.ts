import { apiError } from '@rport/api'
import type { OAuthClient, OAuthConfig } from '../../../config/index.ts'
import { askJson } from './bounded-fetch.ts'
import { rolesIn } from './claims.ts'
import {
  codeRefused,
  devicePending,
  type Identity,
  type IdentityProvider,
  type ProviderRefusal,
  providerUnavailable,
} from './identity-provider.ts'

const AUTHORIZE_URL = 'https://github.com/login/oauth/authorize'
const TOKEN_URL = 'https://github.com/login/oauth/access_token'
const DEVICE_URL = 'https://github.com/login/device/code'
const API_URL = 'https://api.github.com'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const DEFAULT_INTERVAL_SECONDS = 5
/** Teams of one user that are looked at. */
const MAX_TEAMS = 100

type Body = Readonly<Record<string, unknown>>

/**
 * GitHub and GitHub Enterprise: OAuth without ID tokens, so the API says who it is. Refusals come with the status 200.
 * @see GitHub docs, Authorizing OAuth apps
 */
export function createGitHub(config: OAuthConfig): IdentityProvider {
  const apiUrl = config.apiUrl ?? API_URL
  const needsTeams = config.requiredRole !== undefined || config.roleGroups.length > 0
  const needsOrganization = needsTeams || config.requiredOrganization !== undefined
  const scope = [...(needsOrganization ? ['read:org'] : ['read:user']), ...config.scopes].join(' ')

  const tokenFor = async (
    client: OAuthClient,
    grant: Readonly<Record<string, string>>,
    refused: (refusal: ProviderRefusal) => Error,
  ): Promise<string> => {
    const secret = client.secret === undefined ? {} : { client_secret: client.secret.reveal() }
    const form = new URLSearchParams({ client_id: client.id, ...secret, ...grant })
    const { status, body } = await askJson(config.tokenUrl ?? TOKEN_URL, { method: 'POST', body: form })
    const error = textIn(body, 'error')
    if (error !== '') {
      throw refused({ status, error, description: textIn(body, 'error_description'), uri: textIn(body, 'error_uri') })
    }
    const token = textIn(body, 'access_token')
    if (token === '') throw providerUnavailable(`it answers a question for a token with the status ${status}`)
    return token
  }

  const ask = (path: string, accessToken: string) =>
    askJson(`${apiUrl}${path}`, {
      headers: {
        authorization: `Bearer ${accessToken}`,
        accept: 'application/vnd.github+json',
        'user-agent': 'rportd',
      },
    })

  const identityOf = async (accessToken: string): Promise<Identity> => {
    const { status, body } = await ask('/user', accessToken)
    const username = textIn(body, 'login')
    if (status !== 200 || username === '')
      throw providerUnavailable(`it answers who the user is with the status ${status}`)
    if (config.requiredOrganization !== undefined)
      await requireMember(username, config.requiredOrganization, accessToken)
    return { username, roles: needsTeams ? await teamsOf(accessToken) : [] }
  }

  /** Of an organisation, or of a team in it: `organisation/team`. */
  const requireMember = async (username: string, required: string, accessToken: string) => {
    const [organization = '', team] = required.split('/')
    const path =
      team === undefined
        ? `/user/memberships/orgs/${encodeURIComponent(organization)}`
        : `/orgs/${encodeURIComponent(organization)}/teams/${encodeURIComponent(team)}/memberships/${encodeURIComponent(username)}`
    const { status, body } = await ask(path, accessToken)
    // An invitation that was not accepted is "pending".
    if (status === 200 && body['state'] === 'active') return
    throw apiError('sign_on_not_permitted', { username, reason: `not a member of ${required}` })
  }

  const teamsOf = async (accessToken: string): Promise<string[]> => {
    const { body } = await ask(`/user/teams?per_page=${MAX_TEAMS}`, accessToken)
    const teams = Object.values(body).map((entry) => {
      const team = entry as { slug?: unknown; organization?: { login?: unknown } } | null
      return `${String(team?.organization?.login)}/${String(team?.slug)}`
    })
    return rolesIn({ teams }, 'teams')
  }

  return {
    title: 'GitHub',

    async authorizeUrl({ state, codeVerifier }) {
      const url = new URL(config.authorizeUrl ?? AUTHORIZE_URL)
      const asked = {
        client_id: config.client.id,
        redirect_uri: config.redirectUri,
        scope,
        state,
        code_challenge: await challengeOf(codeVerifier),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
      return url.href
    },

    async identityOfCode(code, { codeVerifier }) {
      const grant = { code, redirect_uri: config.redirectUri, code_verifier: codeVerifier }
      return identityOf(await tokenFor(config.client, grant, codeRefused))
    },

    async beginDevice() {
      const { id } = config.deviceClient ?? config.client
      const form = new URLSearchParams({ client_id: id, scope })
      const { status, body } = await askJson(config.deviceAuthorizeUrl ?? DEVICE_URL, { method: 'POST', body: form })
      const [deviceCode, userCode] = [textIn(body, 'device_code'), textIn(body, 'user_code')]
      if (deviceCode === '' || userCode === '') {
        throw providerUnavailable(textIn(body, 'error_description') || `it begins no device login: status ${status}`)
      }
      return {
        deviceCode,
        userCode,
        verificationUri: textIn(body, 'verification_uri'),
        expiresInSeconds: numberIn(body, 'expires_in') ?? 0,
        intervalSeconds: numberIn(body, 'interval') ?? DEFAULT_INTERVAL_SECONDS,
      }
    },

    async identityOfDevice(deviceCode) {
      const grant = { device_code: deviceCode, grant_type: DEVICE_GRANT }
      return identityOf(await tokenFor(config.deviceClient ?? config.client, grant, devicePending))
    },
  }
}

/** RFC 7636 §4.2. */
async function challengeOf(codeVerifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier))
  return Buffer.from(digest).toString('base64url')
}

function textIn(body: Body, name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}

function numberIn(body: Body, name: string): number | undefined {
  const value = body[name]
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}
