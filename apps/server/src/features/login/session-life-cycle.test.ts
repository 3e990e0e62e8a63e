import { Secret, silentLogger } from '@rport/kit'
import { createFakeClock, type FakeClock } from '@rport/kit/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createTestApp, strictConfig } from '../../http/testing/test-app.ts'
import type { Passwords } from '../../passwords/index.ts'
import { createPlainLogin, plainAccounts } from '../../testing/plain-accounts.ts'
import { createMeService, meRoutes } from '../me/index.ts'
import { createTokens } from '../tokens/index.ts'
import {
  createAccessPolicy,
  createEmbeddedUsers,
  createPasswordRules,
  createUserGroupService,
  createUsers,
} from '../users/index.ts'

const MINUTE = 60_000
const NAMES = ['ada', 'bob', 'eve'] as const
const ADMINS = 'Administrators'
/** Administrates throughout, and is nobody whose sessions are looked at. */
const ROOT = 'root'
const RUN_LIMIT_MS = 60_000

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

/** Slow hashes are tested elsewhere; here each run would take minutes. */
const passwords: Passwords = {
  hash: async (text) => `$argon2id$${text}`,
  verify: async (stored, given) => stored?.text === `$argon2id$${given}`,
}

/** Everything that knows sessions, on a database that outlives it. */
function startProgram(db: Database, clock: FakeClock) {
  const log = silentLogger
  const directory = createEmbeddedUsers({ db, clock, log })
  const accessPolicy = createAccessPolicy({ directory, userGroupsOf: () => undefined })
  const tokens = createTokens({ db, isAdmin: accessPolicy.isAdmin, clock, log })
  const passwordRules = createPasswordRules({ minLength: 1, minScore: 0 })
  const jwtSecret = new Secret('kept in the data folder')
  const { service: apiTokens } = tokens
  const login = createPlainLogin({ db, directory, passwords, passwordRules, apiTokens, jwtSecret, clock, log })
  const { sessions, credentials } = login
  const shared = { ...plainAccounts, directory, passwords, passwordRules, sessions, log }
  const users = createUsers({ ...shared, groups: createUserGroupService(shared), tokens: tokens.service })
  const me = createMeService({ ...shared, credentials, apiTokens: tokens.service })
  const { app } = createTestApp([login.routes, users.routes, tokens.routes, meRoutes(me)], {
    authenticator: login.authenticator,
    accessPolicy,
    config: strictConfig,
    clock,
  })
  return {
    directory,
    async call(method: Method, path: string, authorization: string, body?: object) {
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
      const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
      const reply = await app.inject({ method, url: `/api/v1${path}`, headers, ...payload })
      return { status: reply.statusCode, data: reply.body === '' ? undefined : JSON.parse(reply.body).data }
    },
    async close() {
      await app.close()
      await login.close()
    },
  }
}

interface ModelUser {
  password: string
  isAdmin: boolean
  isExpired: boolean
}
/** Something that was handed out once: the Authorization header, whose it is, and whether it should still work. */
interface Proof {
  readonly kind: 'session' | 'token'
  readonly authorization: string
  readonly username: string
  isAlive: boolean
}
/** What has to be true, kept in the simplest way there is. */
interface Model {
  readonly users: Map<string, ModelUser>
  readonly proofs: Proof[]
}
interface Real {
  readonly db: Database
  readonly clock: FakeClock
  program: ReturnType<typeof startProgram>
  /** Tells passwords and tokens apart. */
  number(): number
}

const endSessions = ({ proofs }: Model, username: string) => {
  for (const proof of proofs) if (proof.username === username && proof.kind === 'session') proof.isAlive = false
}
const endAll = ({ proofs }: Model, username: string) => {
  for (const proof of proofs) if (proof.username === username) proof.isAlive = false
}

const asRoot = async (real: Real, method: Method, path: string, body?: object) => {
  const { status } = await real.program.call(method, path, basic(ROOT, 'root'), body)
  expect({ method, path, isDone: status >= 200 && status < 300, status }).toMatchObject({ isDone: true })
}

/** Every proof that was ever handed out is tried: the living ones open what their user may see, the others nothing. */
async function tryAll(model: Model, real: Real): Promise<void> {
  const found: string[] = []
  const wanted: string[] = []
  for (const [index, proof] of model.proofs.entries()) {
    const user = model.users.get(proof.username)
    const works = proof.isAlive && user !== undefined && !user.isExpired
    const { status } = await real.program.call('GET', '/users', proof.authorization)
    const what = `${proof.kind} ${index} of ${proof.username}`
    found.push(`${what}: ${status}`)
    wanted.push(`${what}: ${works ? (user.isAdmin ? 200 : 403) : 401}`)
  }
  expect(found).toEqual(wanted)
}

type Command = fc.AsyncCommand<Model, Real>
/** A command that checks every old proof after its work. */
const command = (
  name: string,
  check: (model: Readonly<Model>) => boolean,
  work: (model: Model, real: Real) => Promise<void>,
): Command => ({
  check,
  async run(model, real) {
    await work(model, real)
    await tryAll(model, real)
  },
  toString: () => name,
})

/** A command about a user of the model. */
const about = (
  what: string,
  work: (facts: { model: Model; real: Real; username: string; user: ModelUser }) => Promise<void>,
  check: (user: ModelUser) => boolean = () => true,
) =>
  fc.constantFrom(...NAMES).map((username) =>
    command(
      `${what} ${username}`,
      (model) => {
        const user = model.users.get(username)
        return user !== undefined && check(user)
      },
      async (model, real) => {
        const user = model.users.get(username)
        if (user) await work({ model, real, username, user })
      },
    ),
  )

/** A command about something that was handed out and works. */
const withProof = (
  what: string,
  kind: Proof['kind'],
  work: (model: Model, real: Real, proof: Proof) => Promise<void>,
) => {
  const living = ({ proofs, users }: Readonly<Model>) =>
    proofs.filter((proof) => proof.kind === kind && proof.isAlive && users.get(proof.username)?.isExpired === false)
  return fc.nat(100).map((choice) =>
    command(
      `${what} ${choice}`,
      (model) => living(model).length > 0,
      async (model, real) => {
        const choices = living(model)
        const proof = choices[choice % choices.length]
        if (proof) await work(model, real, proof)
      },
    ),
  )
}

const sessionIdOf = ({ authorization }: Proof): number =>
  JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString('utf8')).sessionID

/** What hands something out. */
const beginnings: fc.Arbitrary<Command>[] = [
  fc.tuple(fc.constantFrom(...NAMES), fc.boolean()).map(([username, isAdmin]) =>
    command(
      `create ${username}`,
      ({ users }) => !users.has(username),
      async (model, real) => {
        const password = `first of ${username} ${real.number()}`
        await asRoot(real, 'POST', '/users', { username, password, groups: isAdmin ? [ADMINS] : ['operators'] })
        model.users.set(username, { password, isAdmin, isExpired: false })
        endAll(model, username)
      },
    ),
  ),
  about(
    'log in',
    async ({ model, real, username, user }) => {
      const { data } = await real.program.call('GET', '/login', basic(username, user.password))
      model.proofs.push({ kind: 'session', authorization: `Bearer ${data.token}`, username, isAlive: true })
    },
    (user) => !user.isExpired,
  ),
  about(
    'make a token of',
    async ({ model, real, username, user }) => {
      const body = { name: `t${real.number()}`, scope: 'read+write' }
      const { data } = await real.program.call('POST', '/me/tokens', basic(username, user.password), body)
      model.proofs.push({ kind: 'token', authorization: basic(username, data.token), username, isAlive: true })
    },
    (user) => !user.isExpired,
  ),
]

/** What ends something, or must not. */
const ends: fc.Arbitrary<Command>[] = [
  withProof('log out', 'session', async (_model, real, proof) => {
    expect((await real.program.call('DELETE', '/logout', proof.authorization)).status).toBe(204)
    proof.isAlive = false
  }),
  withProof('change the own password with session', 'session', async (model, real, proof) => {
    const user = model.users.get(proof.username)
    if (!user) return
    const body = { old_password: user.password, password: `own ${real.number()}` }
    expect((await real.program.call('PUT', '/me', proof.authorization, body)).status).toBe(204)
    user.password = body.password
    endSessions(model, proof.username)
  }),
  withProof('end one session', 'session', async (_model, real, proof) => {
    await asRoot(real, 'DELETE', `/users/${proof.username}/sessions/${sessionIdOf(proof)}`)
    proof.isAlive = false
  }),
  withProof('remove a token', 'token', async (_model, real, proof) => {
    const secret =
      Buffer.from(proof.authorization.slice('Basic '.length), 'base64').toString('utf8').split(':')[1] ?? ''
    const path = `/me/tokens/${secret.slice(0, secret.indexOf('_'))}`
    expect((await real.program.call('DELETE', path, proof.authorization)).status).toBe(204)
    proof.isAlive = false
  }),
  about('end all sessions of', async ({ model, real, username }) => {
    await asRoot(real, 'DELETE', `/users/${username}/sessions`)
    endSessions(model, username)
  }),
  about('set the password of', async ({ model, real, username, user }) => {
    user.password = `set ${real.number()}`
    user.isExpired = false
    await asRoot(real, 'PUT', `/users/${username}`, { password: user.password })
    endSessions(model, username)
  }),
  about('let the password expire of', async ({ model, real, username, user }) => {
    await asRoot(real, 'PUT', `/users/${username}`, { password_expired: true })
    user.isExpired = true
    endSessions(model, username)
  }),
  about(
    'log in with a new password as',
    async ({ model, real, username, user }) => {
      const body = { username, password: user.password, new_password: `renewed ${real.number()}` }
      const { data } = await real.program.call('POST', '/login', '', body)
      user.password = body.new_password
      user.isExpired = false
      endSessions(model, username)
      model.proofs.push({ kind: 'session', authorization: `Bearer ${data.token}`, username, isAlive: true })
    },
    (user) => user.isExpired,
  ),
  about('move in or out of Administrators', async ({ real, username, user }) => {
    user.isAdmin = !user.isAdmin
    await asRoot(real, 'PUT', `/users/${username}`, { groups: user.isAdmin ? [ADMINS] : ['operators'] })
  }),
  about('delete', async ({ model, real, username }) => {
    await asRoot(real, 'DELETE', `/users/${username}`)
    model.users.delete(username)
    endAll(model, username)
  }),
  about('delete behind the services', async ({ model, real, username }) => {
    await real.program.directory.delete(username)
    model.users.delete(username)
    // The sessions end as soon as one of them is tried; tokens are nobody's, and go when somebody takes the name.
    endSessions(model, username)
  }),
  fc.constantFrom(...NAMES).chain((from) =>
    fc.constantFrom(...NAMES.filter((name) => name !== from)).map((to) =>
      command(
        `rename ${from} to ${to}`,
        ({ users }) => users.has(from) && !users.has(to),
        async (model, real) => {
          await asRoot(real, 'PUT', `/users/${from}`, { username: to })
          const user = model.users.get(from)
          if (user) model.users.set(to, user)
          model.users.delete(from)
          endAll(model, from)
          endAll(model, to)
        },
      ),
    ),
  ),
  fc.constant(
    command(
      'restart',
      () => true,
      async (_model, real) => {
        await real.program.close()
        real.program = startProgram(real.db, real.clock)
      },
    ),
  ),
  fc.constant(
    command(
      'wait for less than a session lives',
      () => true,
      (_model, { clock }) => clock.advance(9 * MINUTE),
    ),
  ),
  fc.constant(
    command(
      'wait for longer than any session lives',
      () => true,
      async ({ proofs }, { clock }) => {
        await clock.advance(25 * 60 * MINUTE)
        for (const proof of proofs) if (proof.kind === 'session') proof.isAlive = false
      },
    ),
  ),
]

/** Half of the commands hand something out: there is always something that can end. */
const stories = fc.array(fc.oneof(fc.oneof(...beginnings), fc.oneof(...ends)), { minLength: 40, maxLength: 60 })

it(
  'sessions and tokens work exactly until something has ended them, whatever happens in which order',
  async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const db = await openTestDatabase()
        const clock = createFakeClock()
        let count = 0
        const number = () => {
          count += 1
          return count
        }
        const real: Real = { db, clock, program: startProgram(db, clock), number }
        try {
          const root = {
            username: ROOT,
            groups: [ADMINS],
            password: '$argon2id$root',
            passwordExpired: false,
            twoFaSendTo: '',
          }
          await real.program.directory.create(root)
          await fc.asyncModelRun(() => ({ model: { users: new Map(), proofs: [] }, real }), story)
        } finally {
          await real.program.close()
          await db.close()
        }
      }),
      { numRuns: 30, endOnFailure: true },
    )
  },
  RUN_LIMIT_MS,
)
