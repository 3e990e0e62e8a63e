import { data, endpoint, resource } from '@rport/api'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { JoinedWrite, Queries } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { routes } from '../../http/index.ts'
import { basic, createTestApp } from '../../http/testing/test-app.ts'
import { type AuditFixture, openForTest as open } from './testing/audit-fixture.ts'

const spec = endpoint({
  method: 'PUT',
  path: '/things/{thing_id}',
  summary: 'Change a thing',
  auth: 'user',
  audit: ['client.tunnel', 'update'],
  reply: data(z.object({ id: z.string() })),
  errors: [],
})

/** An operation that looks first, then does something with its row in hand. */
function door({ auditLog }: AuditFixture, look: () => void, act: (row: JoinedWrite) => unknown) {
  const things = routes(resource('Things', { change: spec }), {
    change: {
      async look({ audit }) {
        look()
        const value = { id: 'made' }
        return async () => {
          await act(audit.row(value))
          return value
        }
      },
    },
  })
  const { app } = createTestApp([things], { audit: auditLog.trail })
  return () => app.inject({ method: 'PUT', url: '/api/v1/things/t1', headers: basic('admin') })
}

const none = () => undefined
const addClient = (trx: Queries) =>
  trx.insertInto('clients').values({ id: 'c1', client_auth_id: '', disconnected_at: null, details: '{}' }).execute()
const clientsIn = ({ db }: AuditFixture) => db.read.selectFrom('clients').select('id').execute()

it('an operation may look around while it is announced, and acts when that is on the disk', async () => {
  const db = await openTestDatabase()
  const gate = Promise.withResolvers<void>()
  const held = {
    ...db,
    waitingWrites: 0,
    write: <T>(work: (trx: Queries) => Promise<T>) => gate.promise.then(() => db.write(work)),
  }
  const fixed = await open({ db: held })
  const looked = Promise.withResolvers<void>()
  let announcedAtAct = 0
  const change = door(fixed, looked.resolve, async () => {
    announcedAtAct = (await fixed.store.intents()).length
  })
  const reply = change()
  await looked.promise
  expect(await fixed.store.intents()).toEqual([])
  gate.resolve()
  expect((await reply).statusCode).toBe(200)
  expect(announcedAtAct).toBe(1)
})

it('an operation that cannot be announced is not done, whatever it saw', async () => {
  const fixed = await open()
  await fixed.db.write((trx) => sql`alter table audit_intents rename to away`.execute(trx))
  let acted = 0
  const act = () => {
    acted += 1
  }
  expect((await door(fixed, none, act)()).statusCode).toBe(503)
  const blind = () => {
    throw new Error('nothing to see')
  }
  expect((await door(fixed, blind, act)()).statusCode).toBe(503)
  expect(acted).toBe(0)
})

it('a change and its row are written by one transaction, and the row only once', async () => {
  const fixed = await open()
  const change = door(fixed, none, (row) =>
    fixed.db.write(async (trx) => {
      await addClient(trx)
      await row(trx)
    }),
  )
  expect((await change()).statusCode).toBe(200)
  expect(await clientsIn(fixed)).toEqual([{ id: 'c1' }])
  expect(await fixed.rows()).toMatchObject([{ username: 'admin', affected_id: 't1', response: '{"id":"made"}' }])
  expect(await fixed.store.intents()).toEqual([])
})

it('a change whose row cannot be written is not kept', async () => {
  const fixed = await open()
  const change = door(fixed, none, async (row) => {
    await fixed.db.write((trx) => sql`alter table audit_log rename to away`.execute(trx))
    await fixed.db.write(async (trx) => {
      await addClient(trx)
      await row(trx)
    })
  })
  expect((await change()).statusCode).toBe(500)
  expect(await clientsIn(fixed)).toEqual([])
  await fixed.db.write((trx) => sql`alter table away rename to audit_log`.execute(trx))
  await fixed.auditLog.start()
  const [row] = await fixed.rows()
  expect(JSON.parse(row?.response ?? '')).toMatchObject({ outcome: 'interrupted' })
})

it('a row that was taken and not written is written at the end', async () => {
  const fixed = await open()
  expect((await door(fixed, none, none)()).statusCode).toBe(200)
  expect(await fixed.rows()).toHaveLength(1)
})
