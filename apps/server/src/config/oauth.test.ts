import { expect, test } from 'vitest'
import { loadServerConfig } from './load-server-config.ts'

function load(lines: readonly string[], more = '') {
  const file = `${more}\n[plus-oauth]\n${lines.join('\n')}\n`
  return loadServerConfig({ argv: ['-c', 'x.conf'], env: {}, cwd: '/', readFile: () => file, cpuCount: 4 })
}
const client = ['redirect_uri = "https://rport.example.com/oauth/callback"', 'client_id = "a"', 'client_secret = "b"']
const permitted = 'permitted_user_list = true'
const faultsOf = (lines: readonly string[], more = '') => {
  const loaded = load(lines, more)
  return loaded.kind === 'faults' ? loaded.faults.map((fault) => fault.message) : []
}
const oauthOf = (lines: readonly string[]) => {
  const loaded = load(lines)
  if (loaded.kind !== 'ready') throw new Error(JSON.stringify(loaded))
  return loaded.config.oauth
}

test.each([
  ['google', '', 'https://accounts.google.com'],
  [
    'microsoft',
    'https://login.microsoftonline.com/11-22/oauth2/v2.0/authorize',
    'https://login.microsoftonline.com/11-22/v2.0',
  ],
  ['auth0', 'https://tenant.eu.auth0.com/authorize', 'https://tenant.eu.auth0.com/'],
  ['github', 'https://github.com/login/oauth/authorize', undefined],
])('the issuer of %s follows from what the original had to be told', (provider, url, issuer) => {
  const address = url === '' ? [] : [`authorize_url = "${url}"`]
  expect(oauthOf([`provider = "${provider}"`, ...address, ...client, permitted])).toMatchObject({ provider, issuer })
})

test('roles lead to groups of this server, and may be addresses', () => {
  const lines = [
    'provider = "google"',
    ...client,
    permitted,
    'role_groups = ["https://a/?x=1=ops", "admins = Administrators"]',
  ]
  expect(oauthOf(lines)?.roleGroups).toEqual([
    { role: 'https://a/?x=1', group: 'ops' },
    { role: 'admins', group: 'Administrators' },
  ])
})

test.each([
  ['no client', ['provider = "google"', permitted], 'missing redirect_uri'],
  ['no issuer', ['provider = "oidc"', ...client, permitted], 'missing issuer'],
  ['no tenant', ['provider = "microsoft"', ...client, permitted], 'missing authorize_url'],
  [
    'nobody permitted',
    ['provider = "google"', ...client],
    'permitted_user_list OR permitted_user_match must be specified',
  ],
  [
    'half an expression',
    ['provider = "google"', ...client, 'permitted_user_match = "("'],
    'invalid permitted_user_match',
  ],
  ['an address that is none', ['provider = "github"', ...client, permitted, 'token_url = "x"'], 'invalid token_url'],
  [
    'every account at Microsoft',
    [
      'provider = "microsoft"',
      ...client,
      permitted,
      'authorize_url = "https://login.microsoftonline.com/Common/oauth2/v2.0/authorize"',
    ],
    'the tenant Common stands for every account at Microsoft',
  ],
  [
    'clear text over the network',
    ['provider = "oidc"', ...client, permitted, 'issuer = "http://login.example.com"'],
    'issuer is not encrypted: whoever listens could log in as anybody',
  ],
])('%s stops the start', (_what, lines, problem) => {
  expect(faultsOf(lines)).toContain(`invalid oauth configuration: ${problem}`)
})

test('a provider on this machine may be spoken to in clear text', () => {
  expect(faultsOf(['provider = "oidc"', ...client, permitted, 'issuer = "http://127.0.0.1:4000"'])).toEqual([])
})

test('a provider and a single user exclude each other', () => {
  expect(faultsOf(['provider = "google"', ...client, permitted], '[api]\nauth = "a:b"')).toContain(
    'API: a provider cannot be used with the single user of auth',
  )
})

test('an expression without ends is worth a warning', () => {
  const loaded = load(['provider = "google"', ...client, 'permitted_user_match = "@example.com"'])
  expect(loaded.kind === 'ready' && loaded.notices.map((notice) => notice.fields)).toContainEqual({
    setting: '[plus-oauth] permitted_user_match',
  })
})
