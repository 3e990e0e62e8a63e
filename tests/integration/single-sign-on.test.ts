import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  browse,
  createScope,
  type IdentityProvider,
  mergeSettings,
  type Settings,
  startIdentityProvider,
  startUserServer,
  type UserServer,
} from '../harness/index.ts'

const scope = createScope()
let provider: IdentityProvider
/** Makes users as the provider says, groups included. */
let open: SignOnServer
/** Lets in the users that it has, and whose address is one of the company. */
let closed: SignOnServer

// biome-ignore lint/suspicious/noExplicitAny: the tests look at replies from outside, without the program's own types
type Json = any

interface SignOnServer {
  readonly server: UserServer
  ask(path: string, token?: string): Promise<{ status: number; json: Json }>
  /** From the settings to the answer, as a web page would. */
  logIn(account: string): Promise<{ status: number; json: Json }>
}

async function startSignOnServer(settings: Settings): Promise<SignOnServer> {
  const usual = {
    api: { user_login_wait: 0, max_failed_login: 0 },
    'plus-oauth': {
      provider: 'oidc',
      issuer: provider.issuer,
      redirect_uri: provider.redirectUri,
      client_id: 'rport',
      client_secret: 'a-secret-for-tests',
    },
  }
  const server = await startUserServer(scope, { settings: mergeSettings(usual, settings) })
  const ask = async (path: string, token?: string) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const reply = await fetch(`${server.baseUrl}/api/v1${path}`, { headers })
    const text = await reply.text()
    return { status: reply.status, json: text.startsWith('{') ? JSON.parse(text) : text }
  }
  const logIn = async (account: string) => {
    const { details } = (await ask('/auth/ext/settings')).json.data
    const back = await browse(details.authorize_url, account, provider.redirectUri)
    if (typeof back === 'string') throw new Error(`never came back: ${back.slice(0, 1000)}`)
    expect(back.searchParams.get('state')).toBe(details.state)
    const query = new URLSearchParams({ code: back.searchParams.get('code') ?? '', state: details.state })
    return ask(`${details.login_uri.replace('/api/v1', '')}?${query}`)
  }
  return { server, ask, logIn }
}

beforeAll(async () => {
  provider = await startIdentityProvider(scope)
  open = await startSignOnServer({
    api: { create_missing_users: true, default_user_group: 'nobody-in-particular' },
    'plus-oauth': {
      scopes: ['groups'],
      role_groups: ['rport-admins=Administrators', 'staff=operators'],
      required_role: 'staff',
      permitted_user_match: '^[a-z]+$',
      device_client_id: 'rport-cli',
    },
  })
  closed = await startSignOnServer({
    'plus-oauth': { permitted_user_list: true, permitted_user_match: '@example\\.com$', username_claim: 'email' },
  })
}, 90_000)
afterAll(() => scope.close())

describe('a login in the browser', () => {
  test('makes a user with the groups that the provider tells, and a session like any other', async () => {
    const { status, json } = await open.logIn('ada')
    expect([status, json.data.two_fa]).toEqual([200, null])
    const me = await open.ask('/me', json.data.token)
    expect(me.json.data).toMatchObject({ username: 'ada', groups: ['Administrators', 'operators'] })
    const sessions = await open.ask('/users/ada/sessions', json.data.token)
    expect(sessions.json.data).toHaveLength(1)
    const audit = await open.ask('/auditlog?sort=-timestamp', json.data.token)
    expect(audit.json.data).toContainEqual(
      expect.objectContaining({ username: 'ada', application: 'auth.session', action: 'login' }),
    )
  })

  test('is refused without the role that the configuration asks for, and nobody is made', async () => {
    const { status, json } = await open.logIn('mallory')
    expect([status, json.errors[0].title]).toEqual([
      401,
      'user mallory is not permitted to log in: the role staff is missing',
    ])
    const { token } = (await open.logIn('ada')).json.data
    const users = (await open.ask('/users', token)).json.data
    expect(users.map((user: { username: string }) => user.username)).not.toContain('mallory')
    const audit = (await open.ask('/auditlog?sort=-timestamp', token)).json.data
    expect(audit).toContainEqual(expect.objectContaining({ username: 'mallory', action: 'login.failed' }))
  })

  test('works once: neither its state nor a state of our own making is taken', async () => {
    const { details } = (await open.ask('/auth/ext/settings')).json.data
    const back = await browse(details.authorize_url, 'grace', provider.redirectUri)
    const code = back instanceof URL ? (back.searchParams.get('code') ?? '') : ''
    const finish = (state: string) => open.ask(`/oauth/login?${new URLSearchParams({ code, state })}`)
    expect((await finish(`${details.state.startsWith('A') ? 'B' : 'A'}${details.state.slice(1)}`)).status).toBe(401)
    expect((await finish('')).status).toBe(401)
    expect((await finish(details.state)).status).toBe(200)
    const again = await finish(details.state)
    expect([again.status, again.json.errors[0].title]).toEqual([401, expect.stringContaining('begin it again')])
  })

  test('of one person cannot be finished with the state of another', async () => {
    const first = (await open.ask('/auth/ext/settings')).json.data.details
    const second = (await open.ask('/auth/ext/settings')).json.data.details
    const back = await browse(first.authorize_url, 'ada', provider.redirectUri)
    const code = back instanceof URL ? (back.searchParams.get('code') ?? '') : ''
    const mixed = await open.ask(`/oauth/login?${new URLSearchParams({ code, state: second.state })}`)
    expect([mixed.status, mixed.json.errors[0].title]).toEqual([401, expect.stringContaining('refused the login')])
  })

  test('lets in only users that exist where the configuration says so, and only verified addresses', async () => {
    const unknown = await closed.logIn('grace')
    expect([unknown.status, unknown.json.errors[0].title]).toEqual([401, 'unauthorized'])
    const unverified = await closed.logIn('mallory')
    expect(unverified.json.errors[0].title).toContain('it has not verified the email address')
  })
})

describe('a login from a command line', () => {
  test('waits until the user has agreed elsewhere', async () => {
    const { auth_provider, details } = (await open.ask('/auth/ext/settings/device')).json.data
    expect(auth_provider).toBe('oidc')
    const { device_code, user_code, verification_uri, interval } = details.auth_info
    expect(interval).toBeGreaterThan(0)
    const poll = () => open.ask(`${details.login_uri.replace('/api/v1', '')}?${new URLSearchParams({ device_code })}`)
    const early = await poll()
    expect([early.status, early.json.data]).toMatchObject([400, { status_code: 400, error: 'authorization_pending' }])
    await browse(`${verification_uri}?user_code=${user_code}`, 'grace', provider.redirectUri)
    const done = await poll()
    expect(done.status).toBe(200)
    const me = await open.ask('/me', done.json.data.token)
    expect(me.json.data).toMatchObject({ username: 'grace', groups: ['operators'] })
    expect((await poll()).json.data?.error).toBe('invalid_grant')
  })

  test('ends when the user says no', async () => {
    const { details } = (await open.ask('/auth/ext/settings/device')).json.data
    const { device_code, user_code, verification_uri } = details.auth_info
    await browse(`${verification_uri}?user_code=${user_code}`, 'nobody', provider.redirectUri)
    const reply = await open.ask(`/oauth/login/device?${new URLSearchParams({ device_code })}`)
    expect(reply.json.data).toMatchObject({ error: 'access_denied' })
  })
})

describe('with an identity provider', () => {
  test('passwords do not log in any more, and the server says what does', async () => {
    const { data } = (await open.ask('/auth/provider')).json
    expect(data).toEqual({
      auth_provider: 'oidc',
      settings_uri: '/api/v1/auth/ext/settings',
      device_settings_uri: '/api/v1/auth/ext/settings/device',
      max_token_lifetime: 0,
    })
    const login = await open.ask('/login')
    expect([login.status, login.json.errors[0].title]).toEqual([
      403,
      'built-in authorization disabled. please authorize via your configured authorization',
    ])
    const pat = open.server.as('pat', await open.server.addUser('pat'))
    expect((await pat.get('/api/v1/me')).status).toBe(401)
  })

  test('that is away, logins fail with words and sessions live on', { timeout: 60_000 }, async () => {
    const { token } = (await open.logIn('ada')).json.data
    const { details } = (await open.ask('/auth/ext/settings')).json.data
    const back = await browse(details.authorize_url, 'ada', provider.redirectUri)
    await provider.program.stop()
    const code = back instanceof URL ? (back.searchParams.get('code') ?? '') : ''
    const reply = await open.ask(`/oauth/login?${new URLSearchParams({ code, state: details.state })}`)
    expect([reply.status, reply.json.errors[0].title]).toEqual([
      502,
      'the identity provider does not answer as it should: it cannot be reached',
    ])
    expect((await open.ask('/me', token)).status).toBe(200)
  })
})
