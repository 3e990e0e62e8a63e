/**
 * A real OpenID Connect provider as a process of its own: `node identity-provider.mjs PORT`.
 * It has the accounts below; whoever comes with the cookie `account=NAME` is that account, without a password.
 */
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const port = Number(process.argv[2])
const issuer = `http://127.0.0.1:${port}`
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

const accounts = {
  ada: { email: 'ada@example.com', email_verified: true, groups: ['rport-admins', 'staff'] },
  grace: { email: 'grace@example.com', email_verified: true, groups: ['staff'] },
  mallory: { email: 'ada@example.com', email_verified: false, groups: ['visitors'] },
}

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'rport',
      client_secret: 'a-secret-for-tests',
      redirect_uris: ['http://127.0.0.1:1/oauth/callback'],
      grant_types: ['authorization_code', DEVICE],
      response_types: ['code'],
    },
    {
      client_id: 'rport-cli',
      token_endpoint_auth_method: 'none',
      redirect_uris: [],
      grant_types: [DEVICE],
      response_types: [],
      application_type: 'native',
    },
  ],
  claims: {
    openid: ['sub'],
    profile: ['preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  scopes: ['openid', 'profile', 'email', 'groups'],
  cookies: { keys: ['a key for tests'] },
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, DeviceCode: 600 },
  findAccount: (_ctx, name) =>
    Object.hasOwn(accounts, name)
      ? { accountId: name, claims: () => ({ sub: name, preferred_username: name, ...accounts[name] }) }
      : undefined,
})

/** Says yes to everything that the account is asked. */
async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  const account = /account=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
  if (account === 'nobody') {
    return provider.interactionFinished(request, response, {
      error: 'access_denied',
      error_description: 'the user said no',
    })
  }
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: account } })
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  const grantId = await grant.save()
  return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true })
}

const answer = provider.callback()
createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response)
  interact(request, response).catch((error) => response.writeHead(500).end(String(error)))
}).listen(port, '127.0.0.1', () => console.log(`provider listens at ${issuer}`))
