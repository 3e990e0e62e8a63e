import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MS_PER_HOUR } from '@rport/kit'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { importOriginal } from './import-original.ts'
import { createOfflineRecorder } from './offline-recorder.ts'
import { openForTest } from './testing/audit-fixture.ts'
import { verifyFixture } from './testing/verify-fixture.ts'

/** As `migrations/auditlog` of the original makes it, indexes left out. */
const SCHEMA = `create table "auditlog" ("timestamp" DATE NOT NULL, "application" TEXT NOT NULL, "action" TEXT NOT NULL, "username" TEXT NULL,
  "remote_ip" TEXT NULL, "affected_id" TEXT NULL, "client_id" TEXT NULL, "client_hostname" TEXT NULL, "request" TEXT NULL, "response" TEXT NULL)`
const TIME = '2026-10-21 18:28:21.505352625+07:00'

async function open(options: { obfuscateAddresses?: boolean } = {}) {
  const opened = await openForTest({ rotation: 'daily' })
  const { db, clock, log, dataDir } = opened
  const file = join(dataDir, 'original.db')
  const original = new DatabaseSync(file)
  original.exec(`PRAGMA synchronous = off; ${SCHEMA}`)
  const add = (affectedId: string, time = TIME, request: string | null = '{"password":"s3cret","a":1}') =>
    original
      .prepare('insert into auditlog values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(time, 'client.tunnel', 'create', 'ada', '192.0.2.77', affectedId, 'agent-9', 'old-host', request, null)
  const recorder = createOfflineRecorder({ db, enabled: true, by: { by: 'test' }, clock, log })
  const obfuscateAddresses = options.obfuscateAddresses ?? false
  const take = (path = file) =>
    importOriginal({ db, file: path, obfuscateAddresses, recorder, onProgress: () => undefined, clock, log })
  return { ...opened, original, file, add, take }
}

describe('an audit log of the original', () => {
  it('is taken over with its times, masked, marked and chained, and the import is an entry itself', async () => {
    const { add, take, rows, auditLog, ...fixed } = await open()
    add('t-1')
    add('t-2', '2026-10-22T00:00:00Z', 'no JSON')
    await auditLog.record({ application: 'a', action: 'before' })
    expect(await take()).toBe(2)
    const importedAt = fixed.clock.now()
    expect(await rows()).toMatchObject([
      { seq: 1, action: 'before', imported_at: 0 },
      {
        seq: 2,
        logged_at: Date.parse('2026-10-21T11:28:21.505Z'),
        imported_at: importedAt,
        username: 'ada',
        remote_ip: '192.0.2.77',
        application: 'client.tunnel',
        action: 'create',
        affected_id: 't-1',
        client_id: 'agent-9',
        client_hostname: 'old-host',
        request: '{"password":"********","a":1}',
        response: '',
      },
      { seq: 3, affected_id: 't-2', request: '"no JSON"', imported_at: importedAt },
      { seq: 4, application: 'auditlog', action: 'import', imported_at: 0 },
    ])
    expect((await rows())[3]?.request).toBe('{"by":"test","file":"original.db","entries":2}')
    expect(await verifyFixture(fixed)).toMatchObject({ rows: 4, faults: [] })
    await fixed.db.write((trx) => sql`update audit_log set imported_at = 0 where seq = 2`.execute(trx))
    expect((await verifyFixture(fixed)).faults).toEqual(['row 2 was changed, or the one before it'])
  })

  it('is taken once, and what it got since is taken later, under whatever name', async () => {
    const { add, take, rows, original, dataDir } = await open()
    for (let index = 0; index < 450; index += 1) add('the same')
    expect(await take()).toBe(450)
    expect(await take()).toBe(0)
    expect(await rows()).toHaveLength(451)
    add('new')
    original.exec(`vacuum into '${join(dataDir, 'copy.db')}'`)
    expect(await take(join(dataDir, 'copy.db'))).toBe(1)
    expect(await take()).toBe(0)
    expect((await rows()).at(-2)).toMatchObject({ affected_id: 'new' })
  })

  it('goes on where it was cut off', async () => {
    const { add, take, rows, db } = await open()
    for (let index = 0; index < 500; index += 1) add(`t-${index}`)
    await db.write((trx) =>
      sql`create trigger full before insert on audit_log when new.affected_id = 't-300' begin select raise(abort, 'disk full'); end`.execute(
        trx,
      ),
    )
    await expect(take()).rejects.toThrow('disk full')
    await db.write((trx) => sql`drop trigger full`.execute(trx))
    expect(await take()).toBe(300)
    const taken = (await rows()).filter((row) => row.imported_at > 0).map((row) => row.affected_id)
    expect(taken).toEqual(Array.from({ length: 500 }, (_, index) => `t-${index}`))
  })

  it('that was changed after its import is not taken further', async () => {
    const { add, take, rows, original } = await open()
    add('t-1')
    add('t-2')
    await take()
    original.exec("update auditlog set affected_id = 'other' where rowid = 2")
    add('t-3')
    await expect(take()).rejects.toThrow('the file was changed, so nothing is imported')
    expect(await rows()).toHaveLength(3)
  })

  it('stays in the list for the period of its import, and leaves with it', async () => {
    const { add, take, rows, auditLog, clock, ...fixed } = await open()
    add('t-1')
    await take()
    await auditLog.start()
    expect(await rows()).toHaveLength(2)
    await clock.advance(24 * MS_PER_HOUR)
    await expect.poll(rows).toHaveLength(0)
    expect(await verifyFixture(fixed)).toMatchObject({ rows: 2, faults: [] })
  })

  it('loses the last part of its addresses where no address is to be stored', async () => {
    const { add, take, rows } = await open({ obfuscateAddresses: true })
    add('t-1')
    await take()
    expect((await rows())[0]?.remote_ip).toBe('192.0.2.x')
  })
})

describe('a file that cannot be taken over', () => {
  it('is named when it is no audit log, and nothing is written', async () => {
    const { take, rows, original } = await open()
    original.exec('drop table auditlog')
    await expect(take()).rejects.toThrow('original.db is no audit log of the original')
    await expect(take('/nowhere/auditlog.db')).rejects.toThrow('/nowhere/auditlog.db')
    expect(await rows()).toEqual([])
  })

  it('is named with the row whose time nobody can read', async () => {
    const { add, take, rows } = await open()
    add('t-1', 'yesterday')
    await expect(take()).rejects.toThrow('row 1 has the time "yesterday"')
    expect((await rows()).filter((row) => row.imported_at > 0)).toEqual([])
  })

  it('that is empty adds nothing', async () => {
    const { take, rows } = await open()
    expect(await take()).toBe(0)
    expect(await rows()).toEqual([])
  })
})
