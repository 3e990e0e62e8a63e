import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MS_PER_HOUR } from '@rport/kit'
import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { rowHash } from './audit-chain.ts'
import { verifyAuditLog } from './audit-verification.ts'
import { type AuditFixture, openForTest } from './testing/audit-fixture.ts'
import { verifyFixture } from './testing/verify-fixture.ts'

/** Three rows of yesterday in an archive, two of today in the database, both ends signed. */
async function openSigned(): Promise<AuditFixture> {
  const opened = await openForTest({ rotation: 'daily' })
  const { auditLog, clock } = opened
  const record = (affectedId: string) =>
    auditLog.record({ application: 'a', action: 'x', username: 'ada', affectedId, request: { name: 'ö"\\' } })
  await auditLog.start()
  for (const id of ['1', '2', '3']) await record(id)
  await clock.advance(23 * MS_PER_HOUR)
  await auditLog.close()
  await auditLog.start()
  for (const id of ['4', '5']) await record(id)
  await auditLog.close()
  return opened
}

it('finds any changed byte of an archive', async () => {
  const { store, key, dataDir, ...rest } = await openSigned()
  expect(await verifyFixture({ ...rest, store, key, dataDir })).toMatchObject({ rows: 5, faults: [], signedHeads: 2 })
  const file = readdirSync(dataDir).find((name) => name.endsWith('.jsonl')) ?? ''
  const bytes = readFileSync(join(dataDir, file))
  const faultsWith = async (changed: Buffer) => {
    const lines = changed.toString('utf8').replace(/\n$/, '').split('\n')
    const readArchive = () =>
      (async function* () {
        yield* lines
      })()
    return (await verifyAuditLog({ store, key, readArchive })).faults
  }
  // The line end of the last line is the only byte that says nothing.
  const position = fc.nat(bytes.length - 2)
  await fc.assert(
    fc.asyncProperty(position, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(bytes)
      changed[at] = (bytes[at] ?? 0) ^ flip
      expect(await faultsWith(changed)).not.toEqual([])
    }),
    { numRuns: 100 },
  )
})

it('finds any changed value of a row, of a signature and of what is known of an archive', async () => {
  const opened = await openSigned()
  const { db } = opened
  const tables = {
    audit_log:
      'seq logged_at username remote_ip application action affected_id client_id client_hostname request response imported_at hash',
    audit_heads: 'seq signed_at hash signature',
    audit_segments: 'last_seq first_seq previous_hash last_hash',
  }
  const places = Object.entries(tables).flatMap(([table, columns]) =>
    columns.split(' ').map((column) => [table, column]),
  )
  for (const [table = '', column = ''] of places) {
    const [t, c] = [sql.table(table), sql.ref(column)]
    const isNumber = /^(?:seq|.*_seq|.*_at)$/.test(column)
    // Far beyond the others: a number that is taken would be refused by the database.
    const changed = isNumber ? sql`${c} + 1000` : sql`${c} || 'x'`
    const before = isNumber ? sql`${c} - 1000` : sql`substr(${c}, 1, length(${c}) - 1)`
    const last = sql`rowid = (select max(rowid) from ${t})`
    await db.write((trx) => sql`update ${t} set ${c} = ${changed} where ${last}`.execute(trx))
    expect([table, column, (await verifyFixture(opened)).faults]).not.toEqual([table, column, []])
    await db.write((trx) => sql`update ${t} set ${c} = ${before} where ${last}`.execute(trx))
    expect((await verifyFixture(opened)).faults).toEqual([])
  }
})

it('finds a chain that somebody without the key has computed anew', async () => {
  const opened = await openSigned()
  const { db, store } = opened
  const archived = (await store.segments())[0]
  let hash = archived?.lastHash ?? ''
  for (const row of await opened.rows()) {
    const forged = { ...row, username: 'eve' }
    hash = rowHash(hash, forged)
    await db.write((trx) =>
      sql`update audit_log set username = 'eve', hash = ${hash} where seq = ${row.seq}`.execute(trx),
    )
  }
  expect((await verifyFixture(opened)).faults).toEqual(['row 5 is not the one that was signed'])
  await db.write((trx) => sql`update audit_heads set hash = ${hash} where seq = 5`.execute(trx))
  expect((await verifyFixture(opened)).faults).toEqual(['the signature at row 5 is not by this key'])
})
