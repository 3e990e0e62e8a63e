import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OAuthConfig } from '../../../config/index.ts'
import { createOpenId } from './open-id.ts'
import { type CloudAnswers, type CloudQuestion, startFakeCloud, withStatus } from './testing/fake-cloud.ts'
import { aFlow, oauthSettings } from './testing/oauth-settings.ts'

type Keys = Awaited<ReturnType<typeof generateKeyPair>>
let ours: Keys
let foreign: Keys
let cloud: Awaited<ReturnType<typeof startFakeCloud>>
let answers: CloudAnswers
beforeAll(async () => {
  ours = await generateKeyPair('ES256')
  foreign = await generateKeyPair('ES256')
})
beforeEach(async () => {
  answers = {}
  cloud = await startFakeCloud(answers)
  answers['GET /.well-known/openid-configuration'] = {
    issuer: cloud.url,
    authorization_endpoint: `${cloud.url}/authorize`,
    token_endpoint: `${cloud.url}/token`,
    jwks_uri: `${cloud.url}/jwks`,
    device_authorization_endpoint: `${cloud.url}/device`,
    id_token_signing_alg_values_supported: ['ES256'],
  }
  answers['GET /jwks'] = { keys: [{ ...(await exportJWK(ours.publicKey)), alg: 'ES256', use: 'sig' }] }
})
afterEach(() => cloud.close())

const claims = { sub: '1', preferred_username: 'ada', email: 'ada@example.com', email_verified: true }
/** What the token endpoint answers: an ID token with some claims changed, signed by some key. */
async function issue(own: JWTPayload = {}, key: Keys = ours) {
  const now = Math.floor(Date.now() / 1000)
  const payload = { iss: cloud.url, aud: 'rport', iat: now, exp: now + 300, nonce: aFlow.nonce, ...claims, ...own }
  const idToken = await new SignJWT(payload).setProtectedHeader({ alg: 'ES256' }).sign(key.privateKey)
  answers['POST /token'] = { access_token: 'at', token_type: 'Bearer', id_token: idToken }
}
const log = createMemoryLogger()
const openId = (provider: 'oidc' | 'google' | 'microsoft' = 'oidc', own: Partial<OAuthConfig> = {}) =>
  createOpenId({ ...oauthSettings({ ...own }), provider, issuer: cloud.url }, { clock: createFakeClock(), log })

describe('an ID token', () => {
  it('names the user and the roles', async () => {
    await issue({ groups: ['staff'] })
    expect(await openId().identityOfCode('c', aFlow)).toEqual({ username: 'ada', roles: ['staff'] })
  })

  it.each<[string, JWTPayload, 'ours' | 'foreign']>([
    ['signed by somebody else', {}, 'foreign'],
    ['of another login', { nonce: 'another' }, 'ours'],
    ['for another client', { aud: 'somebody' }, 'ours'],
    ['of another provider', { iss: 'https://evil.example.com' }, 'ours'],
    ['that has expired', { iat: 1000, exp: 2000 }, 'ours'],
  ])('%s lets nobody in', async (_what, own, key) => {
    await issue(own, key === 'ours' ? ours : foreign)
    await expect(openId().identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
  })

  it('without a signature lets nobody in', async () => {
    await issue()
    const [, body = ''] = (answers['POST /token'] as { id_token: string }).id_token.split('.')
    const header = Buffer.from('{"alg":"none"}').toString('base64url')
    answers['POST /token'] = { access_token: 'at', token_type: 'Bearer', id_token: `${header}.${body}.` }
    await expect(openId().identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
    answers['POST /token'] = { access_token: 'at', token_type: 'Bearer' }
    await expect(openId().identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
  })
})

describe('a provider', () => {
  it('is asked about itself once, and again after a failure', async () => {
    const description = answers['GET /.well-known/openid-configuration']
    answers['GET /.well-known/openid-configuration'] = withStatus(500, 'out of order')
    const provider = openId()
    await expect(provider.authorizeUrl(aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
    answers['GET /.well-known/openid-configuration'] = description
    for (let n = 0; n < 3; n += 1) await provider.authorizeUrl(aFlow)
    expect(cloud.questions.filter(({ path }) => path.includes('well-known'))).toHaveLength(2)
  })

  it('that describes another one is not believed', async () => {
    answers['GET /.well-known/openid-configuration'] = { issuer: 'https://evil.example.com' }
    await expect(openId().authorizeUrl(aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
  })

  it('gives way to the addresses of the configuration', async () => {
    const url = new URL(await openId('oidc', { authorizeUrl: 'https://login.example.com/a' }).authorizeUrl(aFlow))
    expect(url.origin + url.pathname).toBe('https://login.example.com/a')
  })

  it('may send the name by its userinfo, for the same person only', async () => {
    const description = answers['GET /.well-known/openid-configuration'] as object
    const userinfo_endpoint = `${cloud.url}/userinfo`
    answers['GET /.well-known/openid-configuration'] = { ...description, userinfo_endpoint }
    await issue({ preferred_username: undefined })
    answers['GET /userinfo'] = { sub: '1', preferred_username: 'grace' }
    expect(await openId().identityOfCode('c', aFlow)).toMatchObject({ username: 'grace' })
    answers['GET /userinfo'] = { sub: '2', preferred_username: 'admin' }
    await expect(openId().identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'identity_provider_unavailable' })
  })

  it('whose description of a device login follows Google is understood', async () => {
    answers['POST /device'] = {
      device_code: 'd',
      user_code: 'AB',
      verification_url: 'https://www.google.com/device',
      expires_in: 1800,
    }
    expect(await openId('google').beginDevice()).toMatchObject({ verificationUri: 'https://www.google.com/device' })
  })

  it('without device logins says so', async () => {
    const description = answers['GET /.well-known/openid-configuration'] as object
    answers['GET /.well-known/openid-configuration'] = { ...description, device_authorization_endpoint: undefined }
    await expect(openId().beginDevice()).rejects.toMatchObject({ key: 'device_login_unsupported' })
  })
})

describe('a group that is required', () => {
  const path = '/v1/groups/g1/memberships:checkTransitiveMembership'

  it('at Google is asked for by the verified address', async () => {
    await issue()
    const asked: CloudQuestion[] = []
    answers[`GET ${path}`] = (question: CloudQuestion) => {
      asked.push(question)
      return { hasMembership: true }
    }
    const provider = openId('google', { requiredGroupId: 'g1', apiUrl: cloud.url })
    expect(await provider.identityOfCode('c', aFlow)).toMatchObject({ username: 'ada@example.com' })
    expect(asked[0]?.query.get('query')).toBe("member_key_id == 'ada@example.com'")
  })

  it.each([{ hasMembership: false }, withStatus(403, { hasMembership: true }), {}])(
    'at Google keeps out whom it does not have: %j',
    async (answer) => {
      await issue()
      answers[`GET ${path}`] = answer
      const provider = openId('google', { requiredGroupId: 'g1', apiUrl: cloud.url })
      await expect(provider.identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'sign_on_not_permitted' })
    },
  )

  it('at Microsoft stands in the token, or Graph knows', async () => {
    const provider = openId('microsoft', { requiredGroupId: 'g1', apiUrl: cloud.url })
    await issue({ groups: ['g0', 'g1'] })
    expect(await provider.identityOfCode('c', aFlow)).toMatchObject({ username: 'ada' })
    await issue()
    answers['POST /me/checkMemberGroups'] = { value: ['g1'] }
    expect(await provider.identityOfCode('c', aFlow)).toMatchObject({ username: 'ada' })
    answers['POST /me/checkMemberGroups'] = { value: [] }
    await expect(provider.identityOfCode('c', aFlow)).rejects.toMatchObject({ key: 'sign_on_not_permitted' })
  })
})
