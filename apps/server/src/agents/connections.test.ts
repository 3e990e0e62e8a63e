import { expect, test } from 'vitest'
import { createFakeAgent } from '../testing/fake-agent.ts'
import { createConnections } from './connections.ts'

test('a closed connection is not found, even before its owner has removed it', () => {
  const connections = createConnections()
  const { connection } = createFakeAgent()
  connections.set('c1', connection)
  expect(connections.find('c1')).toBe(connection)
  connection.close()
  expect(connections.find('c1')).toBeUndefined()
  expect(connections.find('c2')).toBeUndefined()
})

test('removing an old connection leaves the one that took its place', () => {
  const connections = createConnections()
  const [old, current] = [createFakeAgent().connection, createFakeAgent().connection]
  connections.set('c1', old)
  connections.set('c1', current)
  expect(connections.remove('c1', old)).toBe(false)
  expect([...connections.list()]).toEqual([['c1', current]])
  expect(connections.remove('c1', current)).toBe(true)
  expect(connections.count()).toBe(0)
})
