import { clientList, type FilterTree, parseListQuery, parseQueryString } from '@rport/api'
import { expect, test } from 'vitest'
import { createFoundIds } from './found-ids.ts'

const filterOf = (text: string): FilterTree => {
  const query = parseQueryString(text)
  if (!query.ok) throw new Error(query.reason)
  return parseListQuery(clientList, query.values).filter
}

/** A finder that counts how often it looked. */
const counting = (ids: readonly string[]) => {
  const find = () => {
    find.looks += 1
    return ids
  }
  find.looks = 0
  return find
}

test('the same question is looked up once, until the clients change', () => {
  const found = createFoundIds()
  const find = counting(['a', 'b'])
  const filter = filterOf('filter[name]=x*')
  expect(found.of('name', filter, 1, find)).toEqual(['a', 'b'])
  expect(found.of('name', filterOf('filter[name]=x*'), 1, find)).toEqual(['a', 'b'])
  expect(find.looks).toBe(1)
  found.of('name', filter, 2, find)
  expect(find.looks).toBe(2)
})

test('another order, value, column or operator is another question', () => {
  const found = createFoundIds()
  const find = counting([])
  found.of('name', filterOf('filter[name]=x'), 1, find)
  found.of('id', filterOf('filter[name]=x'), 1, find)
  found.of('name', filterOf('filter[name]=y'), 1, find)
  found.of('name', filterOf('filter[hostname]=x'), 1, find)
  found.of('name', filterOf('filter[tags]=or(x,y)'), 1, find)
  found.of('name', filterOf('filter[tags]=and(x,y)'), 1, find)
  expect(find.looks).toBe(6)
})

test('a filter by groups is looked up each time, because groups change without their clients', () => {
  const found = createFoundIds()
  const find = counting([])
  found.of('id', filterOf('filter[groups]=g'), 1, find)
  found.of('id', filterOf('filter[groups]=g'), 1, find)
  found.of('id', filterOf('filter[*]=g'), 1, find)
  found.of('id', filterOf('filter[*]=g'), 1, find)
  expect(find.looks).toBe(4)
})

test('a caller who asks ever new questions makes it forget, not grow', () => {
  const found = createFoundIds()
  const first = counting(['a'])
  found.of('id', filterOf('filter[name]=first'), 1, first)
  for (let number = 0; number < 40; number += 1) found.of('id', filterOf(`filter[name]=${number}`), 1, () => ['b'])
  found.of('id', filterOf('filter[name]=first'), 1, first)
  expect(first.looks).toBe(2)
})

test('an answer longer than all that may be kept is given, and not kept', () => {
  const found = createFoundIds()
  const find = counting(Array.from({ length: 200_001 }, (_, index) => String(index)))
  const filter = filterOf('filter[name]=*')
  expect(found.of('id', filter, 1, find)).toHaveLength(200_001)
  found.of('id', filter, 1, find)
  expect(find.looks).toBe(2)
})
