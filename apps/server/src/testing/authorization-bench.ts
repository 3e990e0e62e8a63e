import { createHmac } from 'node:crypto'
import { API_PREFIX, api, type EndpointSpec, permissions, type Resource } from '@rport/api'
import { Secret, silentLogger } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { openTestDatabase } from '../db/testing/index.ts'
import { createTokens } from '../features/tokens/index.ts'
import { createAccessPolicy, createEmbeddedUsers } from '../features/users/index.ts'
import type { RouteSet } from '../http/index.ts'
import { createTestApp } from '../http/testing/test-app.ts'
import type { Passwords } from '../passwords/index.ts'
import { createPlainLogin } from './plain-accounts.ts'

const PASSWORD = 'correct horse battery'
const SECRET = 'the key that signs'

/** Somebody who calls, and what is true about him. */
export interface Caller {
  readonly name: string
  /** The Authorization header; undefined: none. */
  readonly authorization: string | undefined
  /** Whether the credentials are good at all. */
  readonly isKnown: boolean
  readonly isAdmin: boolean
  /** The second factor is due. */
  readonly isPending?: true
  readonly permissions: readonly string[]
  /** Whether a group of his may use the client `ours`. */
  readonly hasClient: boolean
  /** Scope of an API token. */
  readonly scope?: 'read' | 'clients-auth'
}

/** Every declared operation behind the real door, with handlers that do nothing. */
export interface AuthorizationBench {
  readonly callers: readonly Caller[]
  /** `in`: the door let it pass; else the status it refused with. */
  call(caller: Caller, spec: EndpointSpec, clientId: string): Promise<'in' | number>
  close(): Promise<void>
}

const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

/** A JWT made by hand. */
function forge(claims: object, header: object, key: string | undefined): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${part(header)}.${part(claims)}`
  return `${head}.${key === undefined ? '' : createHmac('sha256', key).update(head).digest('base64url')}`
}

/** Builds users of every kind, and the credentials of each. The caller closes it. */
export async function openAuthorizationBench(): Promise<AuthorizationBench> {
  const db = await openTestDatabase()
  const [clock, log] = [createFakeClock(), silentLogger]
  const directory = createEmbeddedUsers({ db, clock, log })
  // Slow hashes are tested elsewhere; here they would cost a minute.
  const passwords: Passwords = {
    hash: async (text) => text,
    verify: async (stored, given) => stored !== undefined && given === PASSWORD,
  }
  const password = '$argon2id$of-no-importance'
  const addUser = (username: string, groups: string[], passwordExpired = false) =>
    directory.create({ username, groups, password, passwordExpired, twoFaSendTo: '' })
  const none = { tunnelsRestricted: null, commandsRestricted: null }
  for (const name of permissions) {
    await directory.groups.save({ name, permissions: new Set([name]), ...none })
    await addUser(`only-${name}`, [name, 'friends'])
  }
  await directory.groups.save({ name: 'everything', permissions: new Set(permissions), ...none })
  await addUser('admin', ['Administrators'])
  await addUser('friend', ['friends'])
  await addUser('stranger', ['everything'])
  await addUser('expired', ['Administrators'], true)
  await addUser('leaving', ['Administrators'])
  await addUser('demoted', ['Administrators', 'friends'])
  await addUser('due', ['Administrators', 'friends'])

  const ours = ['friends']
  const accessPolicy = createAccessPolicy({ directory, userGroupsOf: (id) => (id === 'ours' ? ours : undefined) })
  const tokens = createTokens({ db, isAdmin: accessPolicy.isAdmin, clock, log })
  const jwtSecret = new Secret(SECRET)
  const login = createPlainLogin({ db, directory, passwords, apiTokens: tokens.service, jwtSecret, clock, log })
  const { app } = createTestApp(stubs(), { authenticator: login.authenticator, accessPolicy, clock })

  const origin = { address: '192.0.2.1', userAgent: '' }
  const scopes = [{ uri: '*', method: '*' }]
  const session = (username: string, lifetimeMs = 86_400_000) =>
    login.sessions.start({ username, scopes, lifetimeMs, origin })
  const actorOf = (username: string) =>
    ({ username, groups: ['Administrators'], proof: 'password', address: '' }) as const
  const makeToken = async (name: string, scope: string, expiresAt?: number, username = 'admin') =>
    (await tokens.service.create(actorOf(username), { name, scope, expiresAt })).text
  const claimsOf = (bearer: string) => JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString('utf8'))

  const good = await session('admin')
  const revoked = await session('admin')
  await login.sessions.end('admin', claimsOf(revoked).sessionID)
  const timedOut = await session('admin', 1000)
  const orphan = await session('leaving')
  // With scopes that allow everything: what counts is that the login waits.
  const halfDone = { username: 'admin', scopes, lifetimeMs: 86_400_000, origin, newPasswordHash: '' }
  const { token: pending } = await login.sessions.startPending(halfDone)
  await directory.delete('leaving')
  const expiredToken = await makeToken('expired', 'read', clock.now() + 1000)
  const readToken = await makeToken('read', 'read')
  const wholeToken = await makeToken('whole', 'read+write')
  const revokedToken = await makeToken('revoked', 'read+write')
  await tokens.service.delete('admin', revokedToken.slice(0, revokedToken.indexOf('_')))
  const [demoted, due] = [await session('demoted'), await session('due')]
  const [demotedToken, dueToken] = [
    await makeToken('whole', 'read+write', undefined, 'demoted'),
    await makeToken('whole', 'read+write', undefined, 'due'),
  ]
  // Past the services that end sessions, as an editor or SQL would: the door itself has to see it.
  await directory.update('demoted', { groups: ['friends'] })
  await directory.update('due', { passwordExpired: true })
  const agentsToken = await makeToken('agents', 'clients-auth')
  await clock.advance(2000)

  const unknown = { isKnown: false, isAdmin: false, permissions: [], hasClient: false } as const
  const admin = { isKnown: true, isAdmin: true, permissions, hasClient: true } as const
  const bearerOf = async (username: string) => `Bearer ${await session(username)}`
  const singles = await Promise.all(
    permissions.map(async (name) => {
      const facts = { isKnown: true, isAdmin: false, permissions: [name], hasClient: true }
      return { name: `only ${name}`, authorization: await bearerOf(`only-${name}`), ...facts }
    }),
  )
  const friend = { ...unknown, isKnown: true, hasClient: true }
  const stranger = { ...unknown, isKnown: true, permissions }
  const signed = { alg: 'HS256', typ: 'JWT' }
  const callers: Caller[] = [
    { name: 'nobody', authorization: undefined, ...unknown },
    { name: 'wrong password', authorization: basic('admin', 'wrong'), ...unknown },
    { name: 'unknown user', authorization: basic('nobody', PASSWORD), ...unknown },
    { name: 'expired password', authorization: basic('expired', PASSWORD), ...unknown },
    { name: 'administrator by password', authorization: basic('admin', PASSWORD), ...admin },
    { name: 'administrator by session', authorization: `Bearer ${good}`, ...admin },
    { name: 'no permission', authorization: await bearerOf('friend'), ...friend },
    { name: 'other group’s client', authorization: await bearerOf('stranger'), ...stranger },
    ...singles,
    { name: 'read token', authorization: basic('admin', readToken), ...admin, scope: 'read' },
    { name: 'clients-auth token', authorization: basic('admin', agentsToken), ...admin, scope: 'clients-auth' },
    { name: 'read+write token', authorization: basic('admin', wholeToken), ...admin },
    { name: 'revoked token', authorization: basic('admin', revokedToken), ...unknown },
    { name: 'token, user has lost the group', authorization: basic('demoted', demotedToken), ...friend },
    { name: 'session, user has lost the group', authorization: `Bearer ${demoted}`, ...friend },
    { name: 'token, change of password due', authorization: basic('due', dueToken), ...unknown },
    { name: 'session, change of password due', authorization: `Bearer ${due}`, ...unknown },
    { name: 'expired token', authorization: basic('admin', expiredToken), ...unknown },
    { name: 'token of another user', authorization: basic('friend', readToken), ...unknown },
    { name: 'pending second factor', authorization: `Bearer ${pending}`, ...unknown, isPending: true },
    { name: 'expired session', authorization: `Bearer ${timedOut}`, ...unknown },
    { name: 'revoked session', authorization: `Bearer ${revoked}`, ...unknown },
    { name: 'session of a deleted user', authorization: `Bearer ${orphan}`, ...unknown },
    {
      name: 'forged alg:none',
      authorization: `Bearer ${forge(claimsOf(good), { alg: 'none' }, undefined)}`,
      ...unknown,
    },
    { name: 'forged key', authorization: `Bearer ${forge(claimsOf(good), signed, 'another key')}`, ...unknown },
    {
      name: 'stolen key, session of somebody else',
      authorization: `Bearer ${forge({ ...claimsOf(good), username: 'friend' }, signed, SECRET)}`,
      ...unknown,
    },
  ]

  return {
    callers,
    async call({ authorization }, { method, path }, clientId) {
      const url = `${API_PREFIX}${path.replace('{client_id}', clientId).replace(/\{\w+\}/g, '1')}`
      const reply = await app.inject({ method, url, headers: authorization === undefined ? {} : { authorization } })
      // Whatever comes after the door fails: there is no body, and the handlers throw.
      return reply.statusCode === 400 || reply.statusCode === 500 ? 'in' : reply.statusCode
    },
    async close() {
      await login.close()
      await db.close()
    },
  }
}

/** Every declared operation, with its name. */
export const declaredOperations = (): { readonly name: string; readonly spec: EndpointSpec }[] =>
  Object.values<Resource>(api).flatMap(({ endpoints }) =>
    Object.values(endpoints).map((spec) => ({ name: `${spec.method} ${spec.path}`, spec })),
  )

const stubs = (): RouteSet[] => [
  declaredOperations().map(({ spec }) => ({
    spec,
    handle: () => {
      throw new Error('handlers are not what is tested here')
    },
  })),
]
