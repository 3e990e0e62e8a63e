import { API_PREFIX, apiError, type EndpointSpec } from '@rport/api'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAuditFixture } from './features/auditlog/testing/audit-fixture.ts'
import { basic, createTestApp } from './http/testing/test-app.ts'
import { declaredOperations } from './testing/authorization-bench.ts'

/** Answered with 410, whoever asks. */
const GONE = ['POST /me/token', 'PUT /me/token/{prefix}', 'DELETE /me/token/{prefix}']
/** Reading these shows a secret. */
const SECRETS = ['GET /vault/{vault_value_id}', 'GET /me/totp-secret']

const audited = declaredOperations().filter(({ spec }) => spec.audit)
const isAnnounced = ({ method, auth }: EndpointSpec) => method !== 'GET' && auth === 'user'

test('every operation that changes something or shows a secret has its words in the audit log', () => {
  const names = audited.map(({ name }) => name)
  const missing = declaredOperations().filter(({ name, spec }) => spec.method !== 'GET' && !names.includes(name))
  expect(missing.map(({ name }) => name)).toEqual(GONE)
  expect(SECRETS.filter((name) => !names.includes(name))).toEqual([])
})

describe('while the audit log cannot be written', () => {
  let fixture: Awaited<ReturnType<typeof openAuditFixture>>
  let calls = 0
  let call: (spec: EndpointSpec) => Promise<{ statusCode: number; body: string }>

  beforeAll(async () => {
    fixture = await openAuditFixture()
    const routes = audited.map(({ spec }) => {
      // Shapes of requests and replies are not what is tested here.
      const { body: _body, query: _query, list: _list, ...bare } = spec
      return {
        spec: { ...bare, reply: { kind: 'empty', status: 204 } as const },
        handle: () => {
          calls += 1
        },
      }
    })
    const { app } = createTestApp([routes], {
      audit: fixture.auditLog.trail,
      authenticator: {
        basic: async (username, _password, { origin }) => ({
          kind: 'actor',
          actor: { username, groups: ['Administrators'], proof: 'password', address: origin.address },
        }),
        bearer: async () => ({
          kind: 'actor',
          actor: { username: 'admin', groups: ['Administrators'], proof: 'session', address: '' },
        }),
        anonymous: async () => ({ kind: 'refused', error: apiError('unauthorized') }),
      },
    })
    call = async ({ method, path, auth }) => {
      const url = `${API_PREFIX}${path.replace('{client_id}', 'known').replace(/\{\w+\}/g, '1')}`
      const headers = auth === 'pending' ? { authorization: 'Bearer half' } : basic('admin')
      calls = 0
      return app.inject({ method, url, headers })
    }
  })
  afterAll(() => fixture.close())

  const without = async <T>(table: string, work: () => Promise<T>): Promise<T> => {
    const rename = (from: string, to: string) =>
      fixture.db.write((trx) => sql`alter table ${sql.table(from)} rename to ${sql.table(to)}`.execute(trx))
    await rename(table, 'away')
    try {
      return await work()
    } finally {
      await rename('away', table)
    }
  }

  test.each(audited)('$name is not acknowledged', async ({ spec }) => {
    expect((await call(spec)).statusCode).toBe(204)
    const reply = await without('audit_log', () => call(spec))
    expect(reply.statusCode).toBe(503)
    expect(reply.body).toContain('audit log')
    expect(calls).toBe(1)
  })

  test.each(audited.filter(({ spec }) => isAnnounced(spec)))('$name is not even tried', async ({ spec }) => {
    const reply = await without('audit_intents', () => call(spec))
    expect(reply.statusCode).toBe(503)
    expect(reply.body).toContain('nothing is done')
    expect(calls).toBe(0)
  })

  test('only logins, logouts and reads are tried without being announced', () => {
    const others = audited.filter(({ spec }) => !isAnnounced(spec)).map(({ spec }) => spec)
    const unexpected = others.filter(({ method, audit }) => method !== 'GET' && audit?.[0] !== 'auth.session')
    expect(unexpected).toEqual([])
  })
})
