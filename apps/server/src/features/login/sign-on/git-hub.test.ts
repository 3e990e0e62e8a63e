import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGitHub } from './git-hub.ts'
import { type CloudAnswers, startFakeCloud, withStatus } from './testing/fake-cloud.ts'
import { aFlow, oauthSettings } from './testing/oauth-settings.ts'

let cloud: Awaited<ReturnType<typeof startFakeCloud>>
let answers: CloudAnswers
beforeEach(async () => {
  answers = { 'POST /token': { access_token: 'gho_1' }, 'GET /api/user': { login: 'ada' } }
  cloud = await startFakeCloud(answers)
})
afterEach(() => cloud.close())

const gitHub = (own: Parameters<typeof oauthSettings>[0] = {}) =>
  createGitHub(
    oauthSettings({
      provider: 'github',
      tokenUrl: `${cloud.url}/token`,
      deviceAuthorizeUrl: `${cloud.url}/device`,
      apiUrl: `${cloud.url}/api`,
      ...own,
    }),
  )
const fieldsOf = (path: string) =>
  Object.fromEntries(new URLSearchParams(cloud.questions.find((question) => question.path === path)?.body))

describe('a login by GitHub', () => {
  it('sends the browser off with state and challenge, and asks for no more than it needs', async () => {
    const url = new URL(await gitHub().authorizeUrl(aFlow))
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'rport',
      state: 'the-state',
      scope: 'read:user',
      code_challenge_method: 'S256',
    })
    expect(url.href).not.toContain(aFlow.codeVerifier)
    expect(new URL(await gitHub({ requiredOrganization: 'acme' }).authorizeUrl(aFlow)).searchParams.get('scope')).toBe(
      'read:org',
    )
  })

  it('trades the code for the name of the user', async () => {
    expect(await gitHub().identityOfCode('c0de', aFlow)).toEqual({ username: 'ada', roles: [] })
    expect(fieldsOf('/token')).toMatchObject({
      code: 'c0de',
      client_id: 'rport',
      client_secret: 's3cret',
      code_verifier: aFlow.codeVerifier,
    })
    expect(cloud.questions.at(-1)?.headers['authorization']).toBe('Bearer gho_1')
  })

  it('fails with the words of GitHub, which come with the status 200', async () => {
    answers['POST /token'] = { error: 'bad_verification_code', error_description: 'The code has expired.' }
    await expect(gitHub().identityOfCode('old', aFlow)).rejects.toMatchObject({
      key: 'sign_on_refused',
      message: 'the identity provider refused the login: The code has expired.',
    })
    answers['POST /token'] = { error: 'invalid_client' }
    await expect(gitHub().identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
  })

  it.each([
    ['a page instead of JSON', '<html>'],
    ['a list', [1]],
    ['nothing of use', { token: 'x' }],
    ['more than a megabyte', JSON.stringify({ access_token: 'x'.repeat(2_000_000) })],
    ['a redirect', withStatus(302, {})],
  ])('does not understand %s', async (_what, answer) => {
    answers['POST /token'] = answer
    await expect(gitHub().identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
  })
})

describe('an organisation that is required', () => {
  const member = '/api/user/memberships/orgs/acme'
  const inTeam = '/api/orgs/acme/teams/ops/memberships/ada'

  it.each([
    ['acme', member, { state: 'active' }],
    ['acme/ops', inTeam, { state: 'active' }],
  ])('%s lets its members in', async (requiredOrganization, path, answer) => {
    answers[`GET ${path}`] = answer
    expect(await gitHub({ requiredOrganization }).identityOfCode('c', aFlow)).toMatchObject({ username: 'ada' })
  })

  it.each([
    ['was only invited', 'acme', member, { state: 'pending' }],
    ['is no member', 'acme', member, withStatus(404, { message: 'Not Found' })],
    ['is not in the team', 'acme/ops', inTeam, withStatus(404, {})],
    ['may not ask', 'acme', member, withStatus(403, { state: 'active' })],
  ])('keeps out who %s', async (_who, requiredOrganization, path, answer) => {
    answers[`GET ${path}`] = answer
    await expect(gitHub({ requiredOrganization }).identityOfCode('c', aFlow)).rejects.toMatchObject({
      key: 'sign_on_not_permitted',
      message: `user ada is not permitted to log in: not a member of ${requiredOrganization}`,
    })
  })

  it('has teams that count as roles where groups follow from them', async () => {
    answers['GET /api/user/teams'] = [{ slug: 'ops', organization: { login: 'acme' } }, { slug: 'x' }, null]
    const roleGroups = [{ role: 'acme/ops', group: 'operators' }]
    expect((await gitHub({ roleGroups }).identityOfCode('c', aFlow)).roles).toContain('acme/ops')
  })
})

describe('a login by GitHub from a command line', () => {
  it('begins with a code for the user', async () => {
    answers['POST /device'] = {
      device_code: 'd',
      user_code: 'AB-CD',
      verification_uri: 'https://github.com/login/device',
      expires_in: 900,
    }
    expect(await gitHub().beginDevice()).toEqual({
      deviceCode: 'd',
      userCode: 'AB-CD',
      verificationUri: 'https://github.com/login/device',
      expiresInSeconds: 900,
      intervalSeconds: 5,
    })
    answers['POST /device'] = { error: 'device_flow_disabled', error_description: 'Device Flow must be enabled' }
    await expect(gitHub().beginDevice()).rejects.toThrow('Device Flow must be enabled')
  })

  it('waits with the words and the status of GitHub', async () => {
    answers['POST /token'] = { error: 'authorization_pending', error_description: 'Not yet.' }
    await expect(gitHub().identityOfDevice('d')).rejects.toMatchObject({
      key: 'device_login_pending',
      answer: {
        status: 200,
        data: { status_code: 200, error: 'authorization_pending', error_description: 'Not yet.', error_uri: '' },
      },
    })
    answers['POST /token'] = { access_token: 'gho_2' }
    expect(await gitHub().identityOfDevice('d')).toEqual({ username: 'ada', roles: [] })
    expect(fieldsOf('/token')).toMatchObject({ device_code: 'd', grant_type: expect.stringContaining('device_code') })
  })
})
