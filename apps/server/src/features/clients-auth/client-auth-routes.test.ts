import { ADMINISTRATORS } from '@rport/api'
import { Secret, systemClock } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createConnections } from '../../agents/connections.ts'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { basic, createTestApp } from '../../http/testing/test-app.ts'
import { createPasswords } from '../../passwords/index.ts'
import { createFakeAgent } from '../../testing/fake-agent.ts'
import {
  type ClientAuthDirectory,
  createClientsAuth,
  createEmbeddedClientAuths,
  createStaticClientAuth,
} from './index.ts'

let db: Database
beforeEach(async () => {
  db = await openTestDatabase()
})
afterEach(() => db.close())

const passwords = createPasswords({ clock: systemClock })
const embedded = (writable = true) => createEmbeddedClientAuths({ db, passwords, writable, clock: systemClock })

function setUp(directory: ClientAuthDirectory = embedded()) {
  const connections = createConnections()
  const bound = new Map<string, Set<string>>()
  const expelled: string[] = []
  const log = createMemoryLogger()
  const feature = createClientsAuth({
    directory,
    connections,
    clients: {
      idsOf: (id) => new Set(bound.get(id)),
      async expel(clientId) {
        expelled.push(clientId)
      },
    },
    clock: systemClock,
    log,
  })
  const { app } = createTestApp([feature.routes], { log })
  const ask = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: { user?: string; body?: unknown } = {},
  ) => {
    const reply = await app.inject({
      method,
      url: `/api/v1/clients-auth${path}`,
      headers: basic(options.user ?? 'admin'),
      ...(options.body === undefined ? {} : { payload: JSON.stringify(options.body) }),
    })
    return { status: reply.statusCode, body: reply.body === '' ? '' : JSON.parse(reply.body) }
  }
  const join = (clientId: string, user: string) => {
    const agent = createFakeAgent({ user })
    connections.set(clientId, agent.connection)
    bound.set(user, (bound.get(user) ?? new Set()).add(clientId))
    return agent.connection
  }
  return { ask, join, expelled, directory, feature, log }
}

const error = (status: number, code: string, title: string, detail = '') => ({
  status,
  body: { errors: [{ code, title, detail }] },
})

describe('credentials in our own store', () => {
  test('are created, listed, shown without their password, and deleted', async () => {
    const { ask, directory, log } = setUp()
    for (const id of ['beta', 'alpha', 'gamma']) {
      expect(await ask('POST', '', { body: { id, password: 'never-shown' } })).toEqual({ status: 201, body: '' })
    }
    expect(await directory.verify('alpha', 'never-shown')).toBe(true)
    const view = (id: string) => ({ id, password: '********' })
    expect(await ask('GET', '?page[limit]=2&page[offset]=1')).toEqual({
      status: 200,
      body: { data: [view('beta'), view('gamma')], meta: { count: 3 } },
    })
    expect((await ask('GET', '?filter[id]=al*')).body).toEqual({ data: [view('alpha')], meta: { count: 1 } })
    expect(await ask('GET', '/beta')).toEqual({ status: 200, body: { data: view('beta') } })
    expect(await ask('DELETE', '/beta')).toEqual({ status: 204, body: '' })
    expect((await ask('GET', '/beta')).status).toBe(404)
    expect(log.text()).not.toContain('never-shown')
  })

  test.each([
    [{ id: 'ab', password: 'pwx' }, 'Invalid or missing ID.', 'Min size is 3.'],
    [{ id: 'abc', password: 'pw' }, 'Invalid or missing password.', 'Min size is 3.'],
    [{}, 'Invalid or missing ID.', 'Min size is 3.'],
    [{ id: 'a:b', password: 'pwx' }, 'Invalid or missing ID.', 'Colons and control characters are not allowed.'],
    [{ id: 'a\nb', password: 'pwx' }, 'Invalid or missing ID.', 'Colons and control characters are not allowed.'],
    [{ id: 'x'.repeat(1001), password: 'pwx' }, 'Invalid or missing ID.', 'Max size is 1000.'],
    [{ id: 'abc', password: 'p\0w' }, 'Invalid or missing password.', 'Max size is 1000, without a NUL.'],
  ])('%.40j is refused', async (body, title, detail) => {
    expect(await setUp().ask('POST', '', { body })).toEqual(error(400, 'ERR_CODE_INVALID_REQUEST', title, detail))
  })

  test('an id is created once, and the first password stays', async () => {
    const { ask, directory } = setUp()
    await ask('POST', '', { body: { id: 'cred', password: 'first' } })
    expect(await ask('POST', '', { body: { id: 'cred', password: 'second' } })).toEqual(
      error(409, 'ERR_CODE_ALREADY_EXIST', 'Client Auth with ID "cred" already exist.'),
    )
    expect(await directory.verify('cred', 'first')).toBe(true)
  })

  test('unknown ids and wrong values of force are told', async () => {
    const { ask } = setUp()
    expect(await ask('GET', '/none')).toEqual(error(404, '', 'Client Auth with ID "none" not found'))
    expect(await ask('DELETE', '/none')).toEqual(
      error(404, 'ERR_CODE_CLIENT_AUTH_NOT_FOUND', 'Client Auth with ID="none" not found.'),
    )
    expect(await ask('DELETE', '/none?force=maybe')).toEqual(
      error(400, 'ERR_CODE_INVALID_REQUEST', 'Invalid force param maybe.'),
    )
  })

  test('one with clients is deleted by force only, which ends and forgets them and nobody else', async () => {
    const { ask, join, expelled, directory } = setUp()
    await directory.create('cred', 'password')
    await directory.create('other', 'password')
    const [first, second, stranger] = [join('c1', 'cred'), join('c2', 'cred'), join('c3', 'other')]
    const title = 'Client Auth expected to have no active or disconnected bound client(s), got 2.'
    expect(await ask('DELETE', '/cred')).toEqual(error(409, 'ERR_CODE_CLIENT_AUTH_HAS_CLIENT', title))
    expect([first.isClosed, expelled]).toEqual([false, []])
    expect((await ask('DELETE', '/cred?force=true')).status).toBe(204)
    expect([first.isClosed, second.isClosed, stranger.isClosed]).toEqual([true, true, false])
    expect(expelled).toEqual(['c1', 'c2'])
  })

  test('are for administrators only', async () => {
    const { ask } = setUp()
    const body = { id: 'abc', password: 'pwx' }
    for (const reply of [
      await ask('GET', '', { user: 'limited' }),
      await ask('GET', '/x', { user: 'limited' }),
      await ask('POST', '', { user: 'limited', body }),
      await ask('DELETE', '/x', { user: 'limited' }),
    ]) {
      expect(reply.status).toBe(403)
      expect(reply.body.errors[0].title).toContain(ADMINISTRATORS)
    }
  })
})

describe('credentials that may not be changed', () => {
  const refusals: [string, () => ClientAuthDirectory, string, string][] = [
    [
      'of the configuration',
      () => createStaticClientAuth({ id: 'cred', password: new Secret('pw-1') }),
      'ERR_CODE_CLIENT_AUTH_SINGLE',
      'Client authentication is enabled only for a single user.',
    ],
    [
      'with auth_write = false',
      () => embedded(false),
      'ERR_CODE_CLIENT_AUTH_RO',
      'Client authentication has been attached in read-only mode.',
    ],
  ]
  test.each(refusals)('%s', async (_name, directory, code, title) => {
    const { ask } = setUp(directory())
    const refused = error(405, code, title)
    expect(await ask('POST', '', { body: { id: 'abc', password: 'pwx' } })).toEqual(refused)
    expect(await ask('DELETE', '/cred?force=maybe')).toEqual(refused)
  })
})

test('a store that fails is reported without its words, and they are in the log', async () => {
  const failing = { ...embedded(), ids: () => Promise.reject(new Error('secret detail')) }
  const { ask, log } = setUp(failing)
  expect(await ask('GET', '')).toEqual(
    error(503, '', 'The credentials of agents cannot be read or changed at the moment.'),
  )
  expect(log.text()).toContain('secret detail')
})

test('an agent without credentials is refused, and the log says what to do', async () => {
  const { feature, log } = setUp()
  expect(await feature.verify('', '')).toBe(false)
  expect(log.text()).toContain('--insecure-no-auth')
})
