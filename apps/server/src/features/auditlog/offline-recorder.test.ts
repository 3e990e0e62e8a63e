import { apiError } from '@rport/api'
import { MS_PER_MINUTE } from '@rport/kit'
import { sql } from 'kysely'
import { afterEach, expect, it } from 'vitest'
import { createOfflineRecorder } from './offline-recorder.ts'
import { openAuditFixture } from './testing/audit-fixture.ts'

let fixture: Awaited<ReturnType<typeof openAuditFixture>> | undefined
const open = async (enabled = true) => {
  fixture = await openAuditFixture()
  const { db, clock, log } = fixture
  const recorder = createOfflineRecorder({
    db,
    enabled,
    by: { by: 'rportd user add', system_user: 'root' },
    clock,
    log,
  })
  return { ...fixture, recorder }
}
afterEach(() => fixture?.close())

const event = { application: 'auth.user', action: 'create', affectedId: 'ada', request: { groups: ['Administrators'] } }
const moveTable = (table: string, to: string) =>
  fixture?.db.write((trx) => sql`alter table ${sql.table(table)} rename to ${sql.table(to)}`.execute(trx))

it('writes down who did what at the terminal, in the chain of the server', async () => {
  const { recorder, auditLog, rows } = await open()
  await auditLog.record({ application: 'a', action: 'before' })
  expect(await recorder.recorded(event, async () => 'made')).toBe('made')
  await auditLog.record({ application: 'a', action: 'after' })
  expect(await rows()).toMatchObject([
    { seq: 1, action: 'before' },
    {
      seq: 2,
      username: '',
      remote_ip: '',
      application: 'auth.user',
      affected_id: 'ada',
      request: '{"by":"rportd user add","system_user":"root","groups":["Administrators"]}',
    },
    { seq: 3, action: 'after' },
  ])
})

it('does nothing that cannot be announced', async () => {
  const { recorder } = await open()
  await moveTable('audit_intents', 'away')
  let calls = 0
  const work = async () => {
    calls += 1
  }
  await expect(recorder.recorded(event, work)).rejects.toThrow('the audit log cannot be written, so nothing is done')
  expect(calls).toBe(0)
  await moveTable('away', 'audit_intents')
})

it('says so when the entry could not be written, and the next start lists it as interrupted', async () => {
  const { recorder, auditLog, rows } = await open()
  await moveTable('audit_log', 'away')
  await expect(recorder.recorded(event, async () => 'made')).rejects.toThrow('it was done, but its entry')
  await moveTable('away', 'audit_log')
  await auditLog.start()
  expect(await rows()).toMatchObject([{ affected_id: 'ada', response: expect.stringContaining('interrupted') }])
})

it('leaves nothing of what was refused, and says failed of what broke', async () => {
  const { recorder, rows, store } = await open()
  const failing = (error: Error) => recorder.recorded(event, () => Promise.reject(error)).catch(() => undefined)
  await failing(apiError('username_taken'))
  expect([await rows(), await store.intents()]).toEqual([[], []])
  await failing(new Error('a bug'))
  expect(await rows()).toMatchObject([{ affected_id: 'ada', response: '{"outcome":"failed"}' }])
})

it('is not called interrupted by a server that keeps house meanwhile', async () => {
  const { recorder, auditLog, clock, rows, store } = await open()
  await auditLog.start()
  await clock.advance(55 * MS_PER_MINUTE)
  await recorder.recorded(event, async () => {
    await clock.advance(5 * MS_PER_MINUTE)
    await auditLog.close()
  })
  expect(await store.intents()).toEqual([])
  expect(await rows()).toHaveLength(1)
})

it('writes nothing where the audit log is switched off', async () => {
  const { recorder, rows } = await open(false)
  expect(await recorder.recorded(event, async () => 'made')).toBe('made')
  expect(await rows()).toEqual([])
})
