import { request } from 'node:http'
import { silentLogger } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../db/testing/index.ts'
import type { HttpApp } from '../../http/index.ts'
import { createTestApp, strictConfig } from '../../http/testing/test-app.ts'
import { createPasswords } from '../../passwords/index.ts'
import { createPlainLogin } from '../../testing/plain-accounts.ts'
import { createEmbeddedUsers, type UserDirectory } from '../users/index.ts'
import { createHeaderLogin } from './header-login.ts'

const config = { authHeader: 'X-Authenticated', userHeader: 'X-User' }
const trusted = { address: '127.0.0.1', isTrustedProxy: true }
const stranger = { address: '192.0.2.7', isTrustedProxy: false }

describe('the name in the headers', () => {
  const log = createMemoryLogger()
  const ask = (headers: Readonly<Record<string, readonly string[]>>, peer = trusted) =>
    createHeaderLogin(config, { log }).nameIn({ peer, headerValues: (name) => headers[name] ?? [] })

  it('counts when a trusted proxy says that it has checked it', () => {
    expect(ask({ 'X-Authenticated': ['1'], 'X-User': ['ada'] })).toBe('ada')
    expect(ask({ 'X-Authenticated': ['1'], 'X-User': [Buffer.from('jürgen').toString('latin1')] })).toBe('jürgen')
  })

  it('counts for nothing without the word that it was checked', () => {
    expect(ask({ 'X-User': ['ada'] })).toBeUndefined()
    expect(ask({ 'X-Authenticated': [' '], 'X-User': ['ada'] })).toBeUndefined()
  })

  it('is ignored, and that is logged, when anybody else sends it', () => {
    expect(ask({ 'X-Authenticated': ['1'], 'X-User': ['ada'] }, stranger)).toBeUndefined()
    expect(log.lines.at(-1)).toMatchObject({
      level: 'warn',
      message: 'login header ignored: it comes from no trusted proxy',
      fields: { peer: '192.0.2.7', header: 'X-Authenticated' },
    })
  })

  it.each([
    ['two names', { 'X-Authenticated': ['1'], 'X-User': ['ada', 'admin'] }, 'X-User came more than once'],
    ['two words', { 'X-Authenticated': ['1', '1'], 'X-User': ['ada'] }, 'X-Authenticated came more than once'],
    ['a control character', { 'X-Authenticated': ['1'], 'X-User': ['a\tda'] }, 'X-User is no user name'],
    ['a C1 control character', { 'X-Authenticated': ['1'], 'X-User': ['a\u00c2\u0085da'] }, 'X-User is no user name'],
    ['white space around it', { 'X-Authenticated': ['1'], 'X-User': [' ada'] }, 'X-User is no user name'],
    ['bytes that are no UTF-8', { 'X-Authenticated': ['1'], 'X-User': ['a\u00ff'] }, 'X-User is no UTF-8'],
    ['an empty name', { 'X-Authenticated': ['1'], 'X-User': [''] }, 'username is required'],
    ['no name', { 'X-Authenticated': ['1'] }, 'username is required'],
  ])('is refused with %s', (_what, headers, message) => {
    expect(() => ask(headers)).toThrow(message)
  })
})

describe('GET /login behind a reverse proxy', () => {
  let app: HttpApp
  let directory: UserDirectory
  let close: () => Promise<void>

  const build = async (createMissing: boolean) => {
    const clock = createFakeClock()
    const db = await openTestDatabase()
    directory = createEmbeddedUsers({ db, clock, log: silentLogger })
    const base = { password: '$argon2id$nobody', passwordExpired: false, twoFaSendTo: '' }
    await directory.create({ ...base, username: 'ada', groups: [] })
    await directory.create({ ...base, username: 'grace', groups: [], passwordExpired: true })
    const login = createPlainLogin({
      db,
      directory,
      passwords: createPasswords({ clock }),
      headerLogin: config,
      vouchedUsers: { createMissing, defaultGroup: 'operators' },
      clock,
      log: silentLogger,
    })
    const { authenticator } = login
    ;({ app } = createTestApp([login.routes], { authenticator, config: strictConfig }))
    close = async () => {
      await app.close()
      await login.close()
      await db.close()
    }
  }
  const logIn = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') => {
    const reply = await app.inject({ method: 'GET', url: '/api/v1/login', headers, remoteAddress })
    return { status: reply.statusCode, title: reply.json().errors?.[0].title, data: reply.json().data }
  }

  beforeEach(() => build(false))
  afterEach(() => close())

  it('begins a session for the user that the proxy names', async () => {
    const { status, data } = await logIn({ 'x-authenticated': '1', 'x-user': 'ada' })
    expect(status).toBe(200)
    expect(data).toEqual({ token: expect.stringMatching(/^ey/), two_fa: null })
  })

  it('asks everybody else for a password, whatever they write into the headers', async () => {
    const reply = await logIn({ 'x-authenticated': '1', 'x-user': 'ada' }, '192.0.2.7')
    expect(reply).toMatchObject({ status: 401, title: 'auth is required' })
  })

  it('believes the other end of the connection only: a trusted address in X-Forwarded-For is no proof', async () => {
    const headers = { 'x-authenticated': '1', 'x-user': 'ada', 'x-forwarded-for': '127.0.0.1' }
    expect(await logIn(headers, '192.0.2.7')).toMatchObject({ status: 401 })
  })

  it('lets nobody in who does not exist, nor whose account waits for a new password', async () => {
    expect(await logIn({ 'x-authenticated': '1', 'x-user': 'nobody' })).toMatchObject({
      status: 401,
      title: 'unauthorized',
    })
    expect(await directory.find('nobody')).toBeUndefined()
    expect(await logIn({ 'x-authenticated': '1', 'x-user': 'grace' })).toMatchObject({
      status: 401,
      title: 'password has expired, please change your password',
    })
  })

  it('makes the user, in the group for such users, where the configuration says so', async () => {
    await close()
    await build(true)
    expect(await logIn({ 'x-authenticated': '1', 'x-user': 'newton' })).toMatchObject({ status: 200 })
    expect(await directory.find('newton')).toMatchObject({ groups: ['operators'], passwordExpired: false })
  })

  it('refuses a header that came over the wire twice', async () => {
    const { port } = await app.start({ host: '127.0.0.1', port: 0 })
    const status = await new Promise((resolve, reject) => {
      const headers = { 'x-authenticated': '1', 'x-user': ['ada', 'admin'] }
      const call = request({ port, path: '/api/v1/login', headers }, (reply) => {
        reply.resume()
        resolve(reply.statusCode)
      })
      call.on('error', reject).end()
    })
    expect(status).toBe(400)
  })
})
