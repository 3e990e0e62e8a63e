import { isHttpUrl, type Resolution } from '@rport/config'
import { RE2JS } from 're2js'
import type { ServerSections, ServerSettings } from './schema.ts'
import type { OAuthConfig } from './server-config.ts'

type OAuthSettings = ServerSettings['plus-oauth']

/** Tenants that stand for everybody: whoever has any account at Microsoft could bring any name. */
const OPEN_TENANTS = /^(common|organizations|consumers)$/i

/** Checks `[plus-oauth]`; the messages are those of the original's plug-in where it had one. */
export function checkOAuth({ settings, object }: Resolution<ServerSections>): void {
  const oauth = settings['plus-oauth']
  if (oauth.provider === undefined) return
  const fault = (key: string, problem: string, fix: string) =>
    object([`plus-oauth.${key}`, 'plus-oauth.provider'], { message: `invalid oauth configuration: ${problem}`, fix })

  for (const key of ['redirect_uri', 'client_id', 'client_secret'] as const) {
    const isOptional = key === 'client_secret' && oauth.provider === 'oidc'
    if (!oauth[key] && !isOptional) fault(key, `missing ${key}`, 'write what the provider was told or has shown')
  }
  for (const key of ['authorize_url', 'token_url', 'redirect_uri', 'device_authorize_url', 'jwks_url'] as const) {
    if (oauth[key] && !isHttpUrl(oauth[key])) fault(key, `invalid ${key}`, 'write an absolute URL with https://')
  }
  for (const key of ['issuer', 'authorize_url', 'token_url', 'device_authorize_url', 'jwks_url', 'api_url'] as const) {
    if (oauth[key] && !isProtected(oauth[key])) {
      fault(
        key,
        `${key} is not encrypted: whoever listens could log in as anybody`,
        'write https:// instead of http://',
      )
    }
  }
  if (oauth.provider !== 'github' && issuerOf(oauth) === undefined) checkTenant(oauth, fault)
  const tenant = tenantOf(oauth)
  if (oauth.provider === 'microsoft' && tenant !== undefined && OPEN_TENANTS.test(tenant)) {
    fault(
      'authorize_url',
      `the tenant ${tenant} stands for every account at Microsoft`,
      'write the id of your tenant in its place',
    )
  }
  if (!oauth.permitted_user_list && !oauth.permitted_user_match) {
    const problem = 'permitted_user_list OR permitted_user_match must be specified'
    fault('permitted_user_list', problem, 'write permitted_user_list = true to let in the users of this server only')
  }
  if (oauth.permitted_user_match && !isExpression(oauth.permitted_user_match)) {
    fault('permitted_user_match', 'invalid permitted_user_match', 'write a regular expression as RE2 knows them')
  }
  if (settings.api.auth) {
    object(['api.auth', 'plus-oauth.provider'], {
      message: 'API: a provider cannot be used with the single user of auth',
      fix: 'remove auth: users are kept in the server itself, in a file or in tables',
    })
  }
}

function checkTenant(oauth: OAuthSettings, fault: (key: string, problem: string, fix: string) => void): void {
  if (oauth.provider === 'oidc')
    fault('issuer', 'missing issuer', 'write the address under which the provider describes itself')
  else if (!oauth.authorize_url) fault('authorize_url', 'missing authorize_url', 'write it, or issuer')
  else if (isHttpUrl(oauth.authorize_url)) fault('issuer', 'authorize_url does not tell the issuer', 'write issuer')
}

/** Says what is allowed and seldom meant. */
export function warnOfOAuth({ settings, notice }: Resolution<ServerSections>): void {
  const { provider, permitted_user_match: match } = settings['plus-oauth']
  if (provider === undefined) return
  if (match && !(match.startsWith('^') && match.endsWith('$'))) {
    const message = 'the expression for permitted users may match any part of a name: write ^ and $ around it'
    notice({ level: 'warn', message, fields: { setting: '[plus-oauth] permitted_user_match' } })
  }
  if (settings.api.auth_header) {
    const message = 'login by header is off: the identity provider logs users in'
    notice({ level: 'warn', message, fields: { setting: '[api] auth_header' } })
  }
}

/** The values of `[plus-oauth]`; undefined without `provider`. */
export function toOAuth(settings: ServerSettings): OAuthConfig | undefined {
  const oauth = settings['plus-oauth']
  const { provider, redirect_uri: redirectUri, client_id: clientId } = oauth
  if (provider === undefined || redirectUri === undefined || clientId === undefined) return undefined
  return {
    provider,
    issuer: issuerOf(oauth),
    authorizeUrl: oauth.authorize_url,
    tokenUrl: oauth.token_url,
    redirectUri,
    client: { id: clientId, secret: oauth.client_secret },
    scopes: oauth.scopes,
    deviceAuthorizeUrl: oauth.device_authorize_url,
    deviceClient:
      oauth.device_client_id === undefined
        ? undefined
        : { id: oauth.device_client_id, secret: oauth.device_client_secret },
    requiredOrganization: oauth.required_organization,
    requiredGroupId: oauth.required_group_id,
    permittedUserList: oauth.permitted_user_list,
    permittedUserMatch: oauth.permitted_user_match,
    jwksUrl: oauth.jwks_url,
    usernameClaim: oauth.username_claim,
    roleClaim: oauth.role_claim,
    requiredRole: oauth.required_role,
    roleGroups: oauth.role_groups,
    apiUrl: oauth.api_url,
  }
}

/** Who signs ID tokens: as written, or as the provider's other addresses tell. */
function issuerOf(oauth: OAuthSettings): string | undefined {
  if (oauth.issuer !== undefined) return oauth.issuer
  if (oauth.provider === 'google') return 'https://accounts.google.com'
  const url = oauth.authorize_url
  if (url === undefined || !isHttpUrl(url)) return undefined
  if (oauth.provider === 'auth0') return `${new URL(url).origin}/`
  const tenant = tenantOf(oauth)
  return oauth.provider === 'microsoft' && tenant !== undefined ? `${new URL(url).origin}/${tenant}/v2.0` : undefined
}

/** Microsoft's addresses begin with the tenant. */
function tenantOf({ authorize_url: url, issuer }: OAuthSettings): string | undefined {
  const found = issuer ?? url
  if (found === undefined || !isHttpUrl(found)) return undefined
  return /^\/([^/]+)\//.exec(`${new URL(found).pathname}/`)?.[1]
}

/** Only this machine may be spoken to in clear text. */
function isProtected(url: string): boolean {
  if (!isHttpUrl(url)) return true // another complaint
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

function isExpression(text: string): boolean {
  try {
    RE2JS.compile(text)
    return true
  } catch {
    return false // what is wrong with it is said by its position in the file
  }
}
