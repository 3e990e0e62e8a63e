import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { createStatementCache } from './statement-cache.ts'

it('keeps the most recently used statements and never more than its bound', () => {
  const connection = new DatabaseSync(':memory:')
  const cache = createStatementCache(connection, 2)
  const first = cache.get('select 1')
  cache.get('select 2')
  expect(cache.get('select 1')).toBe(first)
  cache.get('select 3')
  expect(cache.size).toBe(2)
  expect(cache.get('select 1')).toBe(first)
  connection.close()
})

it('knows which statements answer with rows', () => {
  const connection = new DatabaseSync(':memory:')
  connection.exec('create table t (n integer)')
  const cache = createStatementCache(connection)
  expect(cache.get('select n from t').hasRows).toBe(true)
  expect(cache.get('insert into t values (1)').hasRows).toBe(false)
  expect(cache.get('insert into t values (1) returning n').hasRows).toBe(true)
  connection.close()
})
