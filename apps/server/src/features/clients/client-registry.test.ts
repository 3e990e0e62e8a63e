import { silentLogger } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { toRemoteRecord } from '@rport/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database, Queries } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { connectionRequest } from '../../testing/connection-request.ts'
import { type Client, toClient } from './client.ts'
import { createClientRegistry } from './client-registry.ts'
import { createClientStore } from './client-store.ts'

let db: Database
beforeEach(async () => {
  db = await openTestDatabase()
})
afterEach(() => db.close())

const clock = createFakeClock()
const open = async (log = silentLogger) => {
  const registry = createClientRegistry({ store: createClientStore({ db, log }), clock, log })
  await registry.start()
  return registry
}
const client = (id: string, facts: Partial<Client> = {}): Client => ({
  ...toClient(
    connectionRequest({ name: `name of ${id}` }),
    { id, clientAuthId: 'auth-1', address: '192.0.2.7' },
    undefined,
  ),
  ...facts,
})
const remote = toRemoteRecord({
  protocol: 'tcp',
  listenHost: '0.0.0.0',
  listenPort: 20_001,
  targetHost: 'h',
  targetPort: 22,
})
const full = client('full', {
  tags: ['linux', 'dc1'],
  labels: { city: 'Cologne' },
  allowedUserGroups: ['operators'],
  tunnels: [{ ...remote, listenPort: 20_001, id: '1', clientId: 'full', createdAt: 5 }],
  updatesStatus: {
    refreshedAt: '2026-01-02T03:04:05.12+01:00',
    updatesAvailable: 1,
    securityUpdatesAvailable: 0,
    updateSummaries: [{ title: 't', description: 'd', rebootRequired: true, isSecurityUpdate: false }],
    rebootPending: false,
    error: '',
    hint: '',
  },
  ipAddresses: { ipv4: '203.0.113.9', ipv6: '', updatedAt: '2026-01-02T03:04:05Z', error: '' },
  clientConfiguration: { client: { id: 'full', tags: ['linux'], updates_interval: 14_400_000_000_000 } },
})

test('the revision changes with every fact but the last sign of life', async () => {
  const registry = await open()
  await registry.save(full)
  const seen = [registry.revision]
  const note = () => seen.push(registry.revision)
  await registry.update('full', { lastHeartbeatAt: 9 }, { durable: false })
  note()
  await registry.update('full', { tags: ['other'] })
  note()
  await registry.update('full', { disconnectedAt: 5 })
  note()
  await registry.delete('full')
  note()
  const [saved, alive, tagged, gone, deleted] = seen
  expect(alive).toBe(saved)
  expect(new Set([alive, tagged, gone, deleted]).size).toBe(4)
})

test('a restart keeps everything but sessions and heartbeats, and nobody is connected after it', async () => {
  await (await open()).save({ ...full, lastHeartbeatAt: 7 })
  const reopened = await open()
  expect(reopened.find('full')).toEqual({
    ...full,
    sessionId: '',
    lastHeartbeatAt: undefined,
    disconnectedAt: clock.now(),
  })
  expect(reopened.count()).toEqual({ connected: 0, disconnected: 1 })
})

test('the time of an earlier disconnect survives', async () => {
  await (await open()).save(client('a', { disconnectedAt: 123 }))
  expect((await open()).find('a')?.disconnectedAt).toBe(123)
})

test('a row that cannot be read is named in the log and left alone; the others are there', async () => {
  await (await open()).save(client('good'))
  await db.write((trx) =>
    trx
      .insertInto('clients')
      .values({ id: 'bad', client_auth_id: 'x', disconnected_at: 1, details: '{"name":5}' })
      .execute(),
  )
  const log = createMemoryLogger()
  const registry = await open(log)
  expect([...registry.list()].map(({ id }) => id)).toEqual(['good'])
  expect(log.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({ clientId: 'bad' })
})

test('what cannot be stored is not remembered either', async () => {
  const registry = await open()
  await registry.save(client('a'))
  await db.close()
  await expect(registry.save(client('a', { name: 'new' }))).rejects.toThrow()
  await expect(registry.save(client('b'))).rejects.toThrow()
  await expect(registry.delete('a')).rejects.toThrow()
  expect([...registry.list()].map(({ name }) => name)).toEqual(['name of a'])
  db = await openTestDatabase()
})

test('a fact that need not last is not written', async () => {
  const registry = await open()
  await registry.save(client('a'))
  await registry.update('a', { lastHeartbeatAt: 9 }, { durable: false })
  await registry.update('unknown', { disconnectedAt: 9 })
  expect(registry.find('a')?.lastHeartbeatAt).toBe(9)
  expect(registry.find('unknown')).toBeUndefined()
})

test('orders ignore letter case, break ties by id, and follow every change', async () => {
  const registry = await open()
  await registry.save(client('b', { name: 'Zeta', hostname: 'same' }))
  await registry.save(client('A', { name: 'alpha', hostname: 'SAME' }))
  expect(registry.sortedIds('name')).toEqual(['A', 'b'])
  expect(registry.sortedIds('hostname')).toEqual(['A', 'b'])
  expect(registry.sortedIds('name')).toBe(registry.sortedIds('name'))
  await registry.update('A', { name: 'zz' })
  expect(registry.sortedIds('name')).toEqual(['b', 'A'])
  await registry.save(client('0', { name: 'Middle' }))
  expect(registry.sortedIds('id')).toEqual(['0', 'A', 'b'])
  await registry.delete('b')
  expect(registry.sortedIds('name')).toEqual(['0', 'A'])
})

test('a heartbeat does not make the order anew', async () => {
  const registry = await open()
  await registry.save(client('a'))
  const order = registry.sortedIds('name')
  await registry.update('a', { lastHeartbeatAt: 1 }, { durable: false })
  expect(registry.sortedIds('name')).toBe(order)
})

test('counts and owners are kept in step with what happens', async () => {
  const registry = await open()
  await registry.save(client('a'))
  await registry.save(client('b', { clientAuthId: 'auth-2' }))
  expect(registry.count()).toEqual({ connected: 2, disconnected: 0 })
  await registry.update('a', { disconnectedAt: 1 })
  expect(registry.count()).toEqual({ connected: 1, disconnected: 1 })
  expect([...registry.idsOfClientAuth('auth-2')]).toEqual(['b'])
  await registry.save(client('b', { clientAuthId: 'auth-1' }))
  expect([...registry.idsOfClientAuth('auth-1')]).toEqual(['a', 'b'])
  expect(registry.idsOfClientAuth('auth-2').size).toBe(0)
  await registry.delete('a')
  expect(registry.count()).toEqual({ connected: 1, disconnected: 0 })
})

test('the addresses of clients are known, also of those that were connected before a restart', async () => {
  const registry = await open()
  await registry.save(client('a', { address: '203.0.113.9' }))
  await registry.save(client('b', { address: '203.0.113.9', disconnectedAt: 5 }))
  await registry.save(client('c', { address: '2001:db8::1' }))
  const reopened = await open()
  for (const each of [registry, reopened]) {
    expect(each.countAt('203.0.113.9')).toBe(2)
    expect(each.countAt('2001:db8::2')).toBe(1)
    expect(each.countAt('2001:db8:0:1::1')).toBe(0)
    expect(each.countAt('198.51.100.1')).toBe(0)
  }
  await registry.save(client('a', { address: '198.51.100.1' }))
  await registry.delete('b')
  expect(registry.countAt('203.0.113.9')).toBe(0)
  expect(registry.countAt('198.51.100.1')).toBe(1)
})

test('tunnels and what is to be written with them are kept together or not at all', async () => {
  const registry = await open()
  await registry.save(client('full'))
  const noted = async () => (await db.read.selectFrom('audit_intents').select('id').execute()).length
  const note = async (trx: Queries) => {
    await trx.insertInto('audit_intents').values({ id: 1, begun_at: 0, entry: '{}' }).execute()
  }
  await registry.keepTunnels('full', full.tunnels, note)
  expect(registry.find('full')?.tunnels).toEqual(full.tunnels)
  expect(await noted()).toBe(1)
  // The same number again: the row is refused, and with it the tunnels.
  await expect(registry.keepTunnels('full', [], note)).rejects.toThrow()
  expect(registry.find('full')?.tunnels).toEqual(full.tunnels)
  expect((await open()).find('full')?.tunnels).toEqual(full.tunnels)
})

test('a client that arrives is nobody to talk to before it appears, though the disk has it as connected', async () => {
  const registry = await open()
  await registry.save(client('old', { disconnectedAt: 123 }))
  const announced = [registry.announce(client('old', { name: 'back' })), registry.announce(client('new'))]
  const tagged = registry.update('old', { tags: ['meanwhile'] })
  const waiting = [
    registry.find('old')?.disconnectedAt,
    registry.find('new')?.disconnectedAt,
    registry.count().connected,
  ]
  await Promise.all([...announced, tagged])
  const rows = await db.read.selectFrom('clients').select(['id', 'disconnected_at']).orderBy('id').execute()
  registry.appear('old')
  registry.appear('new')
  registry.appear('gone')
  expect(waiting).toEqual([123, clock.now(), 0])
  expect(rows).toEqual([
    { id: 'new', disconnected_at: null },
    { id: 'old', disconnected_at: null },
  ])
  expect(registry.count()).toEqual({ connected: 2, disconnected: 0 })
  expect(registry.find('old')).toMatchObject({ name: 'back', tags: ['meanwhile'], disconnectedAt: undefined })
})

test('an arrival that cannot be written is taken back', async () => {
  const registry = await open()
  await registry.save(client('old', { disconnectedAt: 123 }))
  await db.close()
  await expect(registry.announce(client('old', { name: 'back' }))).rejects.toThrow()
  await expect(registry.announce(client('new'))).rejects.toThrow()
  expect(registry.find('old')).toMatchObject({ name: 'name of old', disconnectedAt: 123 })
  expect(registry.find('new')).toBeUndefined()
})
