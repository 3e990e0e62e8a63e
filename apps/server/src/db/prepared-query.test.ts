import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from './database.ts'
import { preparedQuery, preparedRows } from './prepared-query.ts'
import { openTestDatabase } from './testing/index.ts'

let db: Database
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.close())

const insert = preparedRows('client_auths', ['id', 'secret_hash', 'created_at'])
const byAge = preparedQuery<{ id: string }>(
  'select id from client_auths where created_at between ? and ? order by created_at',
)

test.each([0, 1, 9, 10, 11, 25])('%i rows are all added, in their order', async (count) => {
  const from = count * 1000
  const rows = Array.from({ length: count }, (_, index) => [`${count}-${index}`, "a'; --", from + index])
  await db.write((trx) => insert(trx, rows))
  expect(await byAge(db.read, [from, from + 999])).toEqual(rows.map(([id]) => ({ id })))
})

test('a row that cannot be added takes the others of its write back', async () => {
  const rows = Array.from({ length: 12 }, (_, index) => [index === 11 ? '1-0' : `late-${index}`, 'x', 90_000 + index])
  await expect(db.write((trx) => insert(trx, rows))).rejects.toThrow(/UNIQUE/)
  expect(await byAge(db.read, [90_000, 99_999])).toEqual([])
})

test('values are never read as part of the query', async () => {
  expect(await byAge(db.read, ['0 or 1=1', '0 or 1=1'])).toEqual([])
})
