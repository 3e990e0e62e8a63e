import { Secret } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { openTestDatabase } from '../../../db/testing/index.ts'
import { createTestApp, strictConfig } from '../../../http/testing/test-app.ts'
import type { Passwords } from '../../../passwords/index.ts'
import { createPlainLogin, plainAccounts } from '../../../testing/plain-accounts.ts'
import { createLockout } from '../../login/index.ts'
import { createMeService, meRoutes } from '../../me/index.ts'
import { createTokens } from '../../tokens/index.ts'
import { createAccessPolicy, createEmbeddedUsers, createUserGroupService, createUsers } from '../../users/index.ts'
import { createSecondFactors } from '../create-second-factors.ts'
import type { CodeDelivery } from '../deliveries/index.ts'

export const PASSWORD = 'correct horse battery'
const START = Date.UTC(2026, 0, 2, 3, 4, 5)

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface FactorBenchOptions {
  readonly totp?: boolean
  readonly delivery?: CodeDelivery
  readonly waitMs?: number
  readonly maxFailed?: number
}

export type FactorBench = Awaited<ReturnType<typeof openFactorBench>>

/** An API with logging in, accounts and second factors, on our own tables; `ada` administrates, `bob` does not. */
export async function openFactorBench({ totp = false, delivery, waitMs = 0, maxFailed = 1000 }: FactorBenchOptions) {
  const clock = createFakeClock(START)
  const log = createMemoryLogger()
  const db = await openTestDatabase()
  const directory = createEmbeddedUsers({ db, clock, log, sealing })
  // Slow hashes are tested elsewhere.
  const passwords: Passwords = {
    hash: async (text) => `$argon2id$${text}`,
    verify: async (stored, given) => stored?.text === `$argon2id$${given}`,
  }
  const password = `$argon2id$${PASSWORD}`
  const base = { password, passwordExpired: false }
  await directory.create({ ...base, username: 'ada', groups: ['Administrators'], twoFaSendTo: 'ada@example.com' })
  await directory.create({ ...base, username: 'bob', groups: [], twoFaSendTo: 'bob@example.com' })
  await directory.create({ ...base, username: 'lost', groups: [], twoFaSendTo: '' })
  const secondFactors = createSecondFactors({
    config: {
      codeLifetimeMs: 60_000,
      sendTimeoutMs: 5000,
      totp: { enabled: totp, loginSessionMs: 120_000, accountName: 'Test' },
    },
    db,
    directory,
    delivery,
    key: new Secret('key'),
    sealing,
    clock,
    log,
  })
  const accessPolicy = createAccessPolicy({ directory, userGroupsOf: () => undefined })
  const tokens = createTokens({ db, isAdmin: accessPolicy.isAdmin, clock, log })
  const lockout = createLockout({ waitMs, maxFailed, banMs: 3_600_000, clock, log })
  const { ofLogins: secondFactor } = secondFactors
  const { service: apiTokens } = tokens
  const login = createPlainLogin({ db, directory, passwords, lockout, apiTokens, secondFactor, clock, log })
  const { sessions, credentials } = login
  const factorRules = secondFactors.rules
  const accounts = { ...plainAccounts, directory, passwords, factorRules, factors: secondFactors, log }
  const me = createMeService({ ...accounts, apiTokens, credentials, sessions })
  const groups = createUserGroupService({ directory, log })
  const users = createUsers({ ...accounts, groups, sessions, tokens: apiTokens })
  const { app } = createTestApp([login.routes, meRoutes(me), tokens.routes, users.routes, secondFactors.routes], {
    authenticator: login.authenticator,
    accessPolicy,
    bans: lockout,
    log,
    clock,
    config: strictConfig,
  })

  const call = async (method: Method, path: string, options: { auth?: string; body?: object; from?: string } = {}) => {
    const { auth, body, from } = options
    const reply = await app.inject({
      method,
      url: `/api/v1${path}`,
      headers: {
        ...(auth === undefined ? {} : { authorization: auth }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(from === undefined ? {} : { 'x-forwarded-for': from }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
    const isJson = reply.headers['content-type']?.toString().startsWith('application/json')
    const json = isJson ? reply.json() : undefined
    return { status: reply.statusCode, json, data: json?.data, title: json?.errors?.[0]?.title ?? reply.body }
  }

  return {
    clock,
    log,
    db,
    directory,
    sessions,
    call,
    /** The first half of a login. @returns the header with the limited token */
    async half(username: string, options: { from?: string; password?: string; newPassword?: string } = {}) {
      const { from, password: text = PASSWORD, newPassword: new_password = '' } = options
      const body = { username, password: text, new_password }
      const { status, data, title } = await call('POST', '/login', { body, ...(from === undefined ? {} : { from }) })
      if (status !== 200) throw new Error(`${status} ${title}`)
      return `Bearer ${data.token}`
    },
    /** The second half. */
    prove: (auth: string, username: string, token: string, from?: string) =>
      call('POST', '/verify-2fa?token-lifetime=86400', {
        auth,
        body: { username, token },
        ...(from === undefined ? {} : { from }),
      }),
    async close() {
      await app.close()
      await login.close()
      await db.close()
    },
  }
}

/** Seen in the database, it can be told from what it hides. */
const sealing = {
  seal: (text: string) => (text === '' ? '' : `sealed:${Buffer.from(text).toString('hex')}`),
  open: (stored: string) => Buffer.from(stored.replace('sealed:', ''), 'hex').toString('utf8'),
}

export const basic = (name: string, password = PASSWORD) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
