import { bool, httpUrl, listOf, oneOf, option, secret, section, text, textList } from '@rport/config'

/** Who may vouch for users. */
export const OAUTH_PROVIDERS = ['github', 'microsoft', 'google', 'auth0', 'oidc'] as const

/** `ROLE=GROUP`: whoever has the role at the provider is in the group here. */
export interface RoleGroup {
  readonly role: string
  readonly group: string
}

/** The last `=` divides: roles may be URLs, groups are ours. */
function parseRoleGroup(pair: string): RoleGroup {
  const at = pair.lastIndexOf('=')
  const [role, group] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  if (at < 1 || role === '' || group === '')
    throw new Error(`expected ROLE=GROUP, found ${JSON.stringify(pair.slice(0, 60))}`)
  return { role, group }
}

const since = '2.1.0'

/** `[plus-oauth]`: the keys of the original's plug-in, and those of any OpenID Connect provider. */
export const oauthSection = section({
  title: 'Login by an identity provider',
  description: 'Users log in with their account at GitHub, Microsoft, Google, Auth0 or any OpenID Connect provider.',
  options: {
    provider: option(
      oneOf(OAUTH_PROVIDERS, (bad) => `invalid oauth configuration: unknown provider ${bad}`),
      {
        description:
          'The provider; "oidc" for any that speaks OpenID Connect. With it, passwords do not log in any more.',
        example: '"oidc"',
      },
    ),
    issuer: option(httpUrl(), {
      since,
      description:
        'Address under which the provider describes itself (OpenID Connect Discovery). Google, Microsoft and Auth0: known from the other addresses.',
      example: '"https://login.example.com/realms/main"',
    }),
    authorize_url: option(text(), {
      description: 'Where the provider asks the user. Needed for Microsoft and Auth0, where it tells the tenant.',
      example: '"https://github.com/login/oauth/authorize"',
    }),
    token_url: option(text(), { description: 'Where the server fetches tokens, if not where the provider says.' }),
    redirect_uri: option(text(), {
      description: 'Where the provider sends the user back to: the page /oauth/callback of this server.',
      example: '"https://rport.example.com/oauth/callback"',
    }),
    client_id: option(text(), { description: 'Id of this server at the provider.' }),
    client_secret: option(secret(), {
      description: 'Secret of this server at the provider. "oidc": may be missing for a public client.',
    }),
    scopes: option(textList('SCOPES'), {
      since,
      default: [],
      description: 'What is asked for besides what every login needs, such as "groups".',
    }),
    device_authorize_url: option(text(), {
      description: 'Where logins from a command line begin, if not where the provider says.',
    }),
    device_client_id: option(text(), {
      description: 'Another id for logins from a command line; Google and public clients at other providers need one.',
    }),
    device_client_secret: option(secret(), { description: 'Secret of that id, if it has one.' }),
    required_organization: option(text(), {
      description: 'GitHub: organisation that users must belong to, or "organisation/team".',
    }),
    required_group_id: option(text(), {
      description: 'Microsoft and Google: id of the group that users must belong to.',
    }),
    permitted_user_list: option(bool(), {
      default: false,
      description: 'Only users that exist on this server may log in.',
    }),
    permitted_user_match: option(text(), {
      description: 'Expression (RE2) that the name of a user must match. It may match any part: write ^ and $.',
      example: '"^[^@]+@example\\\\.com$"',
    }),
    jwks_url: option(text(), { description: "Where the provider's public keys are, if not where it says." }),
    username_claim: option(text(), {
      description: 'Claim with the name of the user.',
      defaultText: 'email for google and auth0, preferred_username otherwise',
    }),
    role_claim: option(text(), {
      description: 'Claim with the roles or groups of the user; dots lead into objects.',
      defaultText: 'roles for microsoft, groups for oidc',
      example: '"realm_access.roles"',
    }),
    required_role: option(text(), { description: 'Role that users must have there.' }),
    role_groups: option(
      listOf({
        name: 'list of ROLE=GROUP',
        placeholder: 'PAIRS',
        advice: 'write ["rport-admins=Administrators", "support=operators"]',
        parse: parseRoleGroup,
        format: ({ role, group }) => `${role}=${group}`,
      }),
      {
        since,
        default: [],
        description:
          'User groups of whoever has a role at the provider; GitHub: a team, as organisation/team. Set anew at each login. Without it groups are kept here.',
        example: '["rport-admins=Administrators", "support=operators"]',
      },
    ),
    api_url: option(httpUrl(), {
      since,
      description: 'Where questions about groups and organisations go: for GitHub Enterprise and clouds of their own.',
      defaultText: "the provider's public API",
      example: '"https://github.example.com/api/v3"',
    }),
  },
})
