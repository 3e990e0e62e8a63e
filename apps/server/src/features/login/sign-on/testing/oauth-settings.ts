import { Secret } from '@rport/kit'
import type { OAuthConfig } from '../../../../config/index.ts'

/** `[plus-oauth]` with nothing but what is required. */
export const oauthSettings = (own: Partial<OAuthConfig>): OAuthConfig => ({
  provider: 'oidc',
  issuer: undefined,
  authorizeUrl: undefined,
  tokenUrl: undefined,
  deviceAuthorizeUrl: undefined,
  jwksUrl: undefined,
  redirectUri: 'https://rport.example.com/oauth/callback',
  client: { id: 'rport', secret: new Secret('s3cret') },
  deviceClient: undefined,
  scopes: [],
  requiredOrganization: undefined,
  requiredGroupId: undefined,
  permittedUserList: true,
  permittedUserMatch: undefined,
  usernameClaim: undefined,
  roleClaim: undefined,
  requiredRole: undefined,
  roleGroups: [],
  apiUrl: undefined,
  ...own,
})

/** A login that has begun. */
export const aFlow = { state: 'the-state', nonce: 'the-nonce', codeVerifier: 'v'.repeat(43) }
