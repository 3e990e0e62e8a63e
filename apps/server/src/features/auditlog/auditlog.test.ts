import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { apiError, data, endpoint } from '@rport/api'
import { MS_PER_HOUR } from '@rport/kit'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { AuditDetails } from '../../http/index.ts'
import { basic, createTestApp, oneRoute } from '../../http/testing/test-app.ts'
import { agentLoginFailedEvent } from './agent-events.ts'
import { AUDIT_KEY_FILE, loadAuditKey, readAuditKey } from './audit-key.ts'
import { parseLine } from './audit-line.ts'
import { verifyAuditLog } from './audit-verification.ts'
import { type AuditFixture, openForTest as open } from './testing/audit-fixture.ts'
import { verifyFixture } from './testing/verify-fixture.ts'

const spec = endpoint({
  method: 'PUT',
  path: '/clients/{client_id}/things/{thing_id}',
  summary: 'Change a thing',
  auth: 'user',
  permission: 'tunnels',
  clientAccess: true,
  audit: ['client.tunnel', 'update'],
  body: z.object({ name: z.string(), password: z.string().default('') }),
  reply: data(z.object({ id: z.string() })),
  errors: ['tunnel_not_found'],
})

/** The door of the API with one operation in front of the audit log. */
function door(
  { auditLog }: AuditFixture,
  handle: (note: (details: AuditDetails) => void) => unknown = () => ({ id: 'made' }),
) {
  const { app } = createTestApp(
    [oneRoute(spec, ({ audit }) => handle((details) => audit.note(details))), auditLog.routes],
    {
      audit: auditLog.trail,
    },
  )
  const change = (options: { client?: string; user?: string; password?: string } = {}) =>
    app.inject({
      method: 'PUT',
      url: `/api/v1/clients/${options.client ?? 'known'}/things/t1`,
      headers: basic(options.user ?? 'admin', options.password),
      payload: JSON.stringify({ name: 'n', password: 's3cret' }),
    })
  const list = (query = '', user = 'admin') => app.inject({ url: `/api/v1/auditlog?${query}`, headers: basic(user) })
  return { app, change, list }
}

describe('an operation of the API', () => {
  it('is written down with who, where, what, and its secrets masked', async () => {
    const { change, list } = door(await open())
    expect((await change()).statusCode).toBe(200)
    const reply = (await list()).json()
    expect(reply.meta).toEqual({ count: 1 })
    expect(reply.data).toEqual([
      {
        timestamp: '2026-11-21T10:00:00Z',
        username: 'admin',
        remote_ip: '127.0.0.1',
        application: 'client.tunnel',
        action: 'update',
        affected_id: 't1',
        client_id: 'known',
        client_hostname: '',
        request: '{"name":"n","password":"********"}',
        response: '{"id":"made"}',
      },
    ])
  })

  it('is told by its handler where that knows better, one row for each client', async () => {
    const fixed = await open()
    const { change } = door(fixed, (note) => {
      note({ affectedId: 'job-1', clientIds: ['agent-1', 'agent-2'] })
      note({ request: { force: true }, response: undefined })
      return { id: 'made' }
    })
    await change()
    expect(await fixed.rows()).toMatchObject([
      {
        affected_id: 'job-1',
        client_id: 'agent-1',
        client_hostname: 'host-1',
        request: '{"force":true}',
        response: '',
      },
      { affected_id: 'job-1', client_id: 'agent-2', client_hostname: '' },
    ])
  })

  it('leaves no row when it is refused for a reason of everyday life', async () => {
    const fixed = await open()
    const { change } = door(fixed, () => {
      throw apiError('tunnel_not_found')
    })
    expect((await change()).statusCode).toBe(404)
    expect(await fixed.rows()).toEqual([])
    expect(await fixed.store.intents()).toEqual([])
  })

  it('is written down as failed when it broke halfway', async () => {
    const fixed = await open()
    const { change } = door(fixed, () => {
      throw new Error('bug')
    })
    expect((await change()).statusCode).toBe(500)
    expect(await fixed.rows()).toMatchObject([{ action: 'update', response: '{"outcome":"failed"}' }])
  })

  it('is not even tried when it cannot be announced', async () => {
    const fixed = await open()
    let calls = 0
    const { change } = door(fixed, () => {
      calls += 1
      return { id: 'made' }
    })
    await fixed.db.write((trx) => sql`drop table audit_intents`.execute(trx))
    const reply = await change()
    expect(reply.statusCode).toBe(503)
    expect(reply.json().errors[0].title).toContain('nothing is done')
    expect(calls).toBe(0)
  })

  it('is not acknowledged when its row cannot be written, and is listed as interrupted after the next start', async () => {
    const fixed = await open()
    const { change } = door(fixed)
    await fixed.db.write((trx) => sql`alter table audit_log rename to away`.execute(trx))
    const reply = await change()
    expect(reply.statusCode).toBe(503)
    expect(reply.json().errors[0].title).toContain('the operation was done')
    await fixed.db.write((trx) => sql`alter table away rename to audit_log`.execute(trx))
    await fixed.auditLog.start()
    const [row] = await fixed.rows()
    expect(row).toMatchObject({ username: 'admin', action: 'update', affected_id: 't1' })
    expect(JSON.parse(row?.response ?? '')).toEqual({ outcome: 'interrupted', begun_at: '2026-11-21T10:00:00.000Z' })
    expect(await fixed.store.intents()).toEqual([])
  })
})

describe('refusals', () => {
  it('of a right are written down', async () => {
    const fixed = await open()
    const { change } = door(fixed)
    expect((await change({ user: 'limited' })).statusCode).toBe(403)
    expect((await change({ client: 'closed' })).statusCode).toBe(403)
    expect(await fixed.rows()).toMatchObject([
      { username: 'limited', application: 'access', action: 'refused', affected_id: 't1', client_id: 'known' },
      { username: 'admin', application: 'access', action: 'refused', client_id: 'closed' },
    ])
  })

  it('of a password are written down with the name that was tried and never the password', async () => {
    const fixed = await open()
    expect((await door(fixed).change({ user: 'ada', password: 'gu3ssed' })).statusCode).toBe(401)
    const rows = await fixed.rows()
    expect(rows).toMatchObject([{ username: 'ada', application: 'auth.session', action: 'login.failed' }])
    expect(JSON.stringify(rows)).not.toContain('gu3ssed')
  })

  it('without a name are not', async () => {
    const fixed = await open()
    const { app } = door(fixed)
    expect((await app.inject({ url: '/api/v1/auditlog' })).statusCode).toBe(401)
    expect(await fixed.rows()).toEqual([])
  })

  it('that repeat themselves are one row at once, and one with their number after ten minutes', async () => {
    const fixed = await open()
    await fixed.auditLog.start()
    const { change } = door(fixed)
    for (let attempt = 0; attempt < 5; attempt += 1) await change({ user: 'limited' })
    expect(await fixed.rows()).toHaveLength(1)
    await fixed.clock.advance(9 * 60_000)
    expect(await fixed.rows()).toHaveLength(1)
    await fixed.clock.advance(2 * 60_000)
    await expect.poll(fixed.rows).toHaveLength(2)
    const [first, counted] = await fixed.rows()
    expect(counted).toMatchObject({
      username: 'limited',
      action: 'refused',
      request: first?.request,
      response: '{"count":4,"since":"2026-11-21T10:00:00.000Z"}',
    })
    await change({ user: 'limited' })
    expect(await fixed.rows()).toHaveLength(3)
  })

  it('that are counted when the server ends are written down then', async () => {
    const fixed = await open()
    const event = agentLoginFailedEvent('cred-1', '192.0.2.7')
    for (let attempt = 0; attempt < 3; attempt += 1) await fixed.auditLog.attempted(event)
    expect(await fixed.rows()).toMatchObject([
      { application: 'client.session', action: 'login.failed', affected_id: 'cred-1', remote_ip: '192.0.2.7' },
    ])
    await fixed.auditLog.close()
    expect((await fixed.rows())[1]?.response).toContain('"count":2')
    expect(await verifyFixture(fixed)).toMatchObject({ faults: [], rows: 2 })
  })

  it('do not fail when they cannot be written down, and the log says so', async () => {
    const fixed = await open()
    await fixed.db.write((trx) => sql`alter table audit_log rename to away`.execute(trx))
    await fixed.auditLog.attempted(agentLoginFailedEvent('cred-1', '192.0.2.7'))
    expect(fixed.log.text()).toContain('refusals were not written down')
    await fixed.db.write((trx) => sql`alter table away rename to audit_log`.execute(trx))
  })
})

describe('the list', () => {
  it('shows others than administrators their own rows, and refuses to filter by names', async () => {
    const fixed = await open()
    await fixed.auditLog.record({ application: 'a', action: 'x', username: 'limited' })
    await fixed.auditLog.record({ application: 'a', action: 'x', username: 'admin' })
    const { app } = createTestApp([fixed.auditLog.routes], {
      accessPolicy: { permission: () => true, isAdmin: () => false, clientAccess: () => 'unknown' },
    })
    const ask = (query: string) => app.inject({ url: `/api/v1/auditlog?${query}`, headers: basic('limited') })
    expect((await ask('')).json().data).toMatchObject([{ username: 'limited' }])
    const refused = await ask('filter[username]=admin')
    expect(refused.statusCode).toBe(403)
    expect(refused.json().errors[0]).toMatchObject({ title: 'filter forbidden' })
  })

  it('sorts, filters and pages', async () => {
    const fixed = await open()
    for (const affectedId of ['a', 'b', 'c']) {
      await fixed.auditLog.record({ application: 'a', action: 'x', affectedId })
      await fixed.clock.advance(1000)
    }
    const { list } = door(fixed)
    const idsOf = async (query: string) =>
      (await list(query)).json().data.map((row: { affected_id: string }) => row.affected_id)
    expect(await idsOf('sort=-timestamp&page[limit]=2')).toEqual(['c', 'b'])
    expect(await idsOf('filter[timestamp][gt]=2026-11-21T10:00:00.500Z&page[offset]=1')).toEqual(['c'])
    expect((await list('filter[request]=x')).statusCode).toBe(400)
  })

  it('needs the permission', async () => {
    expect((await door(await open()).list('', 'limited')).statusCode).toBe(403)
  })

  it('says so when the audit log is switched off, and nothing is written then', async () => {
    const fixed = await open({ enabled: false })
    const { list, change } = door(fixed)
    expect((await change()).statusCode).toBe(200)
    await fixed.auditLog.record({ application: 'a', action: 'x' })
    expect(await fixed.rows()).toEqual([])
    const reply = await list()
    expect(reply.statusCode).toBe(404)
    expect(reply.json().errors[0].title).toBe('the audit log is switched off')
  })
})

describe('reading a secret', () => {
  it('is not answered when it cannot be written down', async () => {
    const read = endpoint({ ...spec, method: 'GET', audit: ['vault', 'read'], body: undefined as never })
    const fixed = await open()
    const { app } = createTestApp([oneRoute(read, () => ({ id: 'secret-value' }))], { audit: fixed.auditLog.trail })
    const ask = () => app.inject({ url: '/api/v1/clients/known/things/t1', headers: basic('admin') })
    expect((await ask()).statusCode).toBe(200)
    expect(await fixed.rows()).toMatchObject([
      { application: 'vault', action: 'read', affected_id: 't1', response: '' },
    ])
    await fixed.db.write((trx) => sql`alter table audit_log rename to away`.execute(trx))
    const refused = await ask()
    expect(refused.statusCode).toBe(503)
    expect(refused.body).not.toContain('secret-value')
    await fixed.db.write((trx) => sql`alter table away rename to audit_log`.execute(trx))
  })
})

describe('the chain', () => {
  const fill = async ({ auditLog }: AuditFixture, count: number) => {
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        auditLog.record({ application: 'a', action: 'x', affectedId: `${index}` }),
      ),
    )
  }

  it('holds for rows that were written at the same time', async () => {
    const fixed = await open()
    await fill(fixed, 300)
    expect(await verifyFixture(fixed)).toMatchObject({ rows: 300, faults: [], end: { seq: 300 } })
  })

  it('is signed every hour and at the end, and the signature is told to the log', async () => {
    const fixed = await open()
    await fixed.auditLog.start()
    await fill(fixed, 2)
    await fixed.clock.advance(MS_PER_HOUR)
    await expect.poll(() => fixed.store.heads()).toMatchObject([{ seq: 2 }])
    await fill(fixed, 1)
    await fixed.auditLog.close()
    expect(await verifyFixture(fixed)).toMatchObject({ signedHeads: 2, faults: [] })
    expect(fixed.log.text()).toContain('audit log signed')
  })

  it('shows what was changed or removed in the database', async () => {
    const fixed = await open()
    await fixed.auditLog.start()
    await fill(fixed, 5)
    await fixed.auditLog.close()
    await fixed.db.write((trx) => sql`update audit_log set username = 'eve' where seq = 2`.execute(trx))
    expect((await verifyFixture(fixed)).faults).toEqual(['row 2 was changed, or the one before it'])
    await fixed.db.write((trx) => sql`update audit_log set username = '' where seq = 2`.execute(trx))
    await fixed.db.write((trx) => sql`delete from audit_log where seq > 3`.execute(trx))
    expect((await verifyFixture(fixed)).faults).toEqual([
      'the log ends with row 3, but row 5 was signed: rows were removed',
    ])
  })

  it('shows signatures of another key, or that the key is gone', async () => {
    const fixed = await open()
    await fill(fixed, 1)
    await fixed.auditLog.close()
    const other = await open()
    expect((await verifyFixture({ ...fixed, key: other.key })).faults).toEqual([
      'the signature at row 1 is not by this key',
    ])
    const { faults } = await verifyAuditLog({ store: fixed.store, key: undefined, readArchive: () => undefined })
    expect(faults).toEqual(['the signature at row 1 cannot be checked: the key is missing'])
  })
})

describe('rotation', () => {
  it('moves past periods to a file, and the chain goes on', async () => {
    const fixed = await open({ rotation: 'daily' })
    const { auditLog, clock, dataDir } = fixed
    await auditLog.record({ application: 'a', action: 'old', username: 'ada' })
    await auditLog.record({ application: 'a', action: 'old' })
    await clock.advance(24 * MS_PER_HOUR)
    await auditLog.record({ application: 'a', action: 'new' })
    await auditLog.start()
    expect(await fixed.rows()).toMatchObject([{ seq: 3, action: 'new' }])
    const file = join(dataDir, 'auditlog.2026-11-22.1-2.jsonl')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').map(parseLine)).toMatchObject([
      { seq: 1, username: 'ada' },
      { seq: 2 },
    ])
    expect(await verifyFixture(fixed)).toMatchObject({ rows: 3, faults: [] })
  })

  it('goes on with the right number when nothing is left in the table', async () => {
    const fixed = await open({ rotation: 'daily' })
    await fixed.auditLog.record({ application: 'a', action: 'old' })
    await fixed.clock.advance(48 * MS_PER_HOUR)
    await fixed.auditLog.start()
    expect(await fixed.rows()).toEqual([])
    await fixed.auditLog.record({ application: 'a', action: 'new' })
    expect(await verifyFixture(fixed)).toMatchObject({ rows: 2, faults: [], end: { seq: 2 } })
  })

  it('finishes what a crash left after the file was written', async () => {
    const fixed = await open({ rotation: 'daily' })
    await fixed.auditLog.record({ application: 'a', action: 'old' })
    await fixed.clock.advance(24 * MS_PER_HOUR)
    const row = (await fixed.rows())[0]
    await fixed.auditLog.start()
    await fixed.db.write(async (trx) => void (row && (await trx.insertInto('audit_log').values(row).execute())))
    await fixed.auditLog.start()
    expect(await fixed.rows()).toEqual([])
    expect((await fixed.store.segments()).length).toBe(1)
  })

  it('tears no hole when the clock was set back', async () => {
    const fixed = await open({ rotation: 'daily' })
    await fixed.auditLog.record({ application: 'a', action: 'x' })
    fixed.clock.jump(-72 * MS_PER_HOUR)
    await fixed.auditLog.record({ application: 'a', action: 'x' })
    fixed.clock.jump(72 * MS_PER_HOUR)
    await fixed.auditLog.start()
    expect(await fixed.rows()).toHaveLength(2)
    expect((await verifyFixture(fixed)).faults).toEqual([])
  })

  it('shows what was changed in a file, and that a file is gone', async () => {
    const fixed = await open({ rotation: 'yearly' })
    await fixed.auditLog.record({ application: 'a', action: 'x' })
    await fixed.clock.advance(365 * 24 * MS_PER_HOUR)
    await fixed.auditLog.start()
    const tampered = await verifyAuditLog({
      ...fixed,
      readArchive: () =>
        (async function* () {
          yield '{"seq":1}'
        })(),
    })
    expect(tampered.faults[0]).toContain('a line after row 0 is no entry')
    const gone = await verifyAuditLog({ ...fixed, readArchive: () => undefined })
    expect(gone).toMatchObject({ faults: [], missingArchives: ['auditlog.2027-11-21.1-1.jsonl'], end: { seq: 1 } })
  })
})

describe('the signing key', () => {
  it('is made once, for nobody else to read, and refused when the file holds something else', async () => {
    const { dataDir, key, log } = await open()
    const path = join(dataDir, AUDIT_KEY_FILE)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect((await loadAuditKey({ dataDir, log })).export({ type: 'pkcs8', format: 'pem' })).toBe(
      key.export({ type: 'pkcs8', format: 'pem' }),
    )
    const { writeFile } = await import('node:fs/promises')
    await writeFile(path, 'something else')
    await expect(readAuditKey({ dataDir, log })).rejects.toThrow('holds no key that signs the audit log')
  })
})
