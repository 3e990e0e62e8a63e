import { silentLogger } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGroupCommit } from './group-commit.ts'
import { openSqlite, type SqliteConnection } from './sqlite.ts'

let connection: SqliteConnection
beforeEach(() => {
  connection = openSqlite({ file: ':memory:', access: 'read-write' })
  connection.raw.exec('create table t (n integer)')
})
afterEach(() => connection.raw.close())

const turn = () => new Promise((resolve) => setImmediate(resolve))
const add = (n: number) => (trx: Parameters<Parameters<ReturnType<typeof createGroupCommit>['write']>[0]>[0]) =>
  sql`insert into t values (${n})`.execute(trx)
const count = () => Number(connection.raw.prepare('select count(*) as n from t').get()?.['n'])

describe('createGroupCommit', () => {
  it('rolls back work that waits for something else, and lets the next one through', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 0, workTimeoutMs: 1000 })
    const stuck = group.write(async (trx) => {
      await add(1)(trx)
      await new Promise(() => undefined)
    })
    const claim = expect(stuck).rejects.toMatchObject({ failure: 'timeout' })
    await turn()
    await turn()
    const next = group.write(add(2))
    await clock.advance(1000)
    await claim
    await next
    expect(count()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it('waits for the window after a commit of several writes, so that more of them share the next', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 5 })
    await Promise.all([group.write(add(1)), group.write(add(2))])
    let isDone = false
    const third = group.write(add(3)).then(() => {
      isDone = true
    })
    await turn()
    await turn()
    expect(isDone).toBe(false)
    await clock.advance(5)
    await third
    expect(count()).toBe(3)
  })

  it('lets one who writes alone wait for nobody, however often in a row', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 5 })
    for (const n of [1, 2, 3]) await group.write(add(n))
    expect(count()).toBe(3)
    expect(clock.pending).toBe(0)
  })

  it('lets those who have patience share the commit of whoever comes first without any', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 5 })
    const patient = [group.write(add(1), 10), group.write(add(2), 20)]
    await turn()
    await turn()
    expect(count()).toBe(0)
    await group.write(add(3))
    expect(count()).toBe(3)
    await Promise.all(patient)
    expect(clock.pending).toBe(0)
  })

  it('commits when the first of the patient ones has waited for long enough, and again for the next ones', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 0 })
    for (const round of [1, 2]) {
      const both = Promise.all([group.write(add(1), 20), group.write(add(2), 10)])
      await clock.advance(9)
      expect(count()).toBe(2 * (round - 1))
      await clock.advance(1)
      await both
      expect(count()).toBe(2 * round)
    }
  })

  it('waits for nobody’s patience when it is drained', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 5 })
    const patient = group.write(add(1), 10_000)
    await group.drain()
    await patient
    expect(count()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it('refuses writes above its bound at once', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 0, maxQueued: 2 })
    const accepted = [group.write(add(1)), group.write(add(2))]
    await expect(group.write(add(3))).rejects.toMatchObject({ failure: 'overloaded' })
    await Promise.all(accepted)
    expect(count()).toBe(2)
  })

  it('rejects the one in line when the file is held by another, and tries the others again', async () => {
    const clock = createFakeClock()
    const group = createGroupCommit({ connection, clock, log: silentLogger, windowMs: 0 })
    connection.raw.exec('BEGIN')
    const first = group.write(add(1))
    const claim = expect(first).rejects.toThrow(/within a transaction/)
    const second = group.write(add(2))
    await claim
    await second
    expect(count()).toBe(1)
  })
})
