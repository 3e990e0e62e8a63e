import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { type ConnectionRequest, type RemoteRecord, toRemoteRecord } from '@rport/protocol'
import { pipeSocket } from '@rport/transport'
import { afterEach, describe, expect, test } from 'vitest'
import { createConnections } from '../../agents/connections.ts'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { connectionRequest } from '../../testing/connection-request.ts'
import { createFakeAgent } from '../../testing/fake-agent.ts'
import { startEchoTarget, startTarget } from '../../testing/tcp-target.ts'
import { DEFAULT_PORTS } from '../../testing/test-ports.ts'
import { unrestricted } from '../../testing/unrestricted.ts'
import { createTunnelListeners } from '../../visitors/index.ts'
import { createTunnels } from '../tunnels/index.ts'
import {
  type AgentSession,
  createClientBook,
  createClients,
  type ForeignId,
  type PurgeRules,
  type RegistrationRules,
} from './index.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Options {
  rules?: Partial<RegistrationRules>
  purge?: Partial<PurgeRules>
  credentials?: Set<string>
}

async function setUp(options: Options = {}) {
  const database = await openTestDatabase()
  cleanups.push(() => database.close())
  const writes = { count: 0 }
  const write: Database['write'] = (work) => {
    writes.count += 1
    return database.write(work)
  }
  const db: Database = { ...database, write }
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const connections = createConnections()
  const registry = createClientBook({ db, clock, log })
  await registry.start()
  const tunnels = createTunnels({
    policy: unrestricted,
    connections,
    memory: registry,
    ports: DEFAULT_PORTS,
    checkPortTimeoutMs: 2000,
    isProxyConfigured: false,
    visibleTo: async () => () => true,
    allowedByCredential: () => true,
    openListener: createTunnelListeners({ pipe: pipeSocket, clock, log }),
    clock,
    log,
  })
  cleanups.push(() => tunnels.close())
  const foreign: ForeignId[] = []
  const credentials = options.credentials ?? new Set(['auth-1', 'auth-2'])
  const clients = createClients({
    groupIdsOf: () => [],
    requireUserGroups: async () => undefined,
    registry,
    connections,
    tunnels: tunnels.ofClients,
    credentialExists: (id) => credentials.has(id),
    visibilityOf: async () => ({ all: true, sees: () => true }),
    onForeignId: (attempt) => void foreign.push(attempt),
    rules: { authMultiuseCreds: true, equateClientAuthIdClientId: false, ...options.rules },
    purge: { enabled: false, keepMs: 0, intervalMs: 60_000, ...options.purge },
    clock,
    log,
  })
  const login = (clientAuthId = 'auth-1', address = '192.0.2.7') => {
    const agent = createFakeAgent({
      user: clientAuthId,
      address,
      answers: { check_tunnel_allowed: () => ({ ok: true, value: { IsAllowed: true } }) },
    })
    const session: AgentSession = { connection: agent.connection, clientAuthId, address }
    const ended = agent.connection.closed.then(() => clients.service.onClosed(session))
    cleanups.push(() => agent.connection.close())
    return { agent, session, ended }
  }
  const connect = async (facts: Partial<ConnectionRequest> = {}, clientAuthId = 'auth-1', address = '192.0.2.7') => {
    const link = login(clientAuthId, address)
    return { ...link, outcome: await clients.service.onConnected(link.session, connectionRequest(facts)) }
  }
  return { db, writes, clock, log, connections, registry, tunnels, clients, credentials, foreign, login, connect }
}

const remote = (targetPort: number, listenPort?: number): RemoteRecord =>
  toRemoteRecord({ protocol: 'tcp', listenHost: '', listenPort, targetHost: '127.0.0.1', targetPort })

async function freePort(): Promise<number> {
  const probe = await startTarget(() => undefined)
  await probe.close()
  return probe.port
}

describe('registering', () => {
  test('makes a client that is connected, stored and answered in kind', async () => {
    const { connect, registry, connections, db } = await setUp()
    const { outcome, agent } = await connect({ tags: ['linux'] })
    expect(outcome).toEqual({ ok: true, clientId: 'client-1', reply: null })
    expect(registry.find('client-1')).toMatchObject({
      tags: ['linux'],
      address: '192.0.2.7',
      disconnectedAt: undefined,
    })
    expect(connections.find('client-1')).toBe(agent.connection)
    expect(await db.read.selectFrom('clients').select(['id', 'disconnected_at']).execute()).toEqual([
      { id: 'client-1', disconnected_at: null },
    ])
    expect((await connect({ id: 'client-2', remotes: [] })).outcome).toMatchObject({ reply: [] })
  })

  test('answers with the ports that were assigned', async () => {
    const { connect } = await setUp()
    const port = await freePort()
    const { outcome } = await connect({ remotes: [remote(22, port), remote(80)] })
    expect(outcome).toMatchObject({
      ok: true,
      reply: [
        { listenHost: '0.0.0.0', listenPort: port, listenPortRandom: false, targetPort: 22 },
        { listenHost: '0.0.0.0', listenPortRandom: true, targetPort: 80 },
      ],
    })
  })

  test('an agent without an id gets a random one, or that of its credential where each has one client', async () => {
    const { connect, registry } = await setUp()
    await connect({ id: '' })
    expect([...registry.list()][0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    const single = await setUp({ rules: { authMultiuseCreds: false, equateClientAuthIdClientId: true } })
    expect((await single.connect({ id: '' })).outcome).toMatchObject({ clientId: 'auth-1' })
  })

  test('a version that cannot be read is logged and keeps nobody out', async () => {
    const { connect, log } = await setUp()
    expect((await connect({ version: 'nonsense' })).outcome.ok).toBe(true)
    expect((await connect({ version: 'nonsense' })).outcome.ok).toBe(true)
    expect(log.lines.some(({ message }) => message === 'agent has a version that cannot be read')).toBe(true)
  })

  test('a remote that cannot be opened refuses the whole connection and leaves nothing behind', async () => {
    const { connect, registry, connections, tunnels } = await setUp()
    const taken = await startEchoTarget()
    cleanups.push(() => taken.close())
    const { outcome } = await connect({ remotes: [remote(22), remote(80, taken.port)] })
    expect(outcome).toEqual({ ok: false, text: `Local port ${taken.port} already in use.` })
    expect((await connect({ remotes: [remote(80, 80)] })).outcome).toEqual({
      ok: false,
      text: 'Local port 80 is not among allowed ports.',
    })
    expect(registry.find('client-1')).toBeUndefined()
    expect(connections.count()).toBe(0)
    expect(tunnels.service.list()).toEqual([])
  })

  test('what cannot be stored is refused without telling why', async () => {
    const { connect, db, connections } = await setUp()
    await db.close()
    const { outcome } = await connect()
    expect(outcome).toEqual({ ok: false, text: 'the server could not store the client' })
    expect(connections.count()).toBe(0)
  })

  test('a connection that closes while it registers leaves a disconnected client and no port', async () => {
    const { login, clients, registry, connections, tunnels } = await setUp()
    const { agent, session } = login()
    const registering = clients.service.onConnected(session, connectionRequest({ remotes: [remote(22)] }))
    agent.connection.close()
    expect((await registering).ok).toBe(false)
    expect(connections.count()).toBe(0)
    expect(registry.count().connected).toBe(0)
    expect(tunnels.service.list()).toEqual([])
  })
})

describe('who may have an id', () => {
  test('another credential is refused, with a reason, until the owner’s is deleted', async () => {
    const { connect, credentials, registry, foreign } = await setUp()
    const owner = await connect()
    const thief = await connect({ sessionId: 'session-2' }, 'auth-2')
    expect(thief.outcome).toEqual({
      ok: false,
      text: 'client id "client-1" belongs to another client auth id: log in with that one, use another id, or release or delete the client on the server',
    })
    expect(foreign).toEqual([
      { clientId: 'client-1', clientAuthId: 'auth-2', ownerClientAuthId: 'auth-1', address: '192.0.2.7' },
    ])
    expect(owner.agent.connection.isClosed).toBe(false)
    owner.agent.connection.close()
    await owner.ended
    expect((await connect({}, 'auth-2')).outcome.ok).toBe(false)
    expect(foreign).toHaveLength(2)
    credentials.delete('auth-1')
    expect((await connect({}, 'auth-2')).outcome.ok).toBe(true)
    expect(registry.find('client-1')?.clientAuthId).toBe('auth-2')
  })

  test('also until the client is deleted', async () => {
    const { connect, clients } = await setUp()
    const owner = await connect()
    owner.agent.connection.close()
    await owner.ended
    expect(await clients.service.delete('client-1')).toBe(true)
    expect((await connect({}, 'auth-2')).outcome.ok).toBe(true)
  })

  test('also until the id is released, which takes a client that is away', async () => {
    const { connect, clients, registry } = await setUp()
    const owner = await connect()
    expect(await clients.service.release('client-1')).toBe(false)
    owner.agent.connection.close()
    await owner.ended
    expect(await clients.service.release('client-1')).toBe(true)
    expect((await connect({}, 'auth-2')).outcome.ok).toBe(true)
    expect(registry.find('client-1')?.clientAuthId).toBe('auth-2')
    expect((await connect({}, 'auth-1')).outcome.ok).toBe(false)
  })

  test('a credential that is removed between login and registration lets nobody in, and leaves nothing behind', async () => {
    const { login, clients, credentials, connections, tunnels } = await setUp()
    const { session } = login()
    credentials.delete('auth-1')
    const outcome = await clients.service.onConnected(session, connectionRequest({ remotes: [remote(22)] }))
    expect(outcome).toEqual({ ok: false, text: 'the client auth id was removed' })
    expect([connections.count(), tunnels.service.list()]).toEqual([0, []])
  })

  test('a client that is expelled is disconnected and forgotten, tunnels and all, and its end brings nothing back', async () => {
    const { connect, clients, registry, tunnels, db } = await setUp()
    const { agent, ended } = await connect({ remotes: [remote(22)] })
    await clients.service.expel('client-1')
    await ended
    expect([agent.connection.isClosed, registry.find('client-1'), tunnels.service.list()]).toEqual([
      true,
      undefined,
      [],
    ])
    expect(await db.read.selectFrom('clients').select('id').execute()).toEqual([])
    await clients.service.expel('client-1')
  })

  test('with single-use credentials a second client of one credential is refused', async () => {
    const { connect } = await setUp({ rules: { authMultiuseCreds: false } })
    await connect()
    expect((await connect({ id: 'client-2' })).outcome).toEqual({
      ok: false,
      text: 'client auth ID is already in use: "auth-1"',
    })
    expect((await connect({ sessionId: 'session-2' })).outcome.ok).toBe(true)
  })

  test('of two clients that come with one single-use credential at the same moment one is registered', async () => {
    const { connect } = await setUp({ rules: { authMultiuseCreds: false } })
    const links = await Promise.all([connect({ id: 'a' }), connect({ id: 'b' })])
    expect(links.map(({ outcome }) => outcome.ok).sort()).toEqual([false, true])
  })

  test('of two credentials that come with one new id at the same moment one gets it', async () => {
    const { connect, registry } = await setUp()
    const links = await Promise.all([connect({}, 'auth-1'), connect({}, 'auth-2')])
    expect(links.map(({ outcome }) => outcome.ok)).toEqual([true, false])
    expect(registry.find('client-1')?.clientAuthId).toBe('auth-1')
  })
})

describe('the newest connection', () => {
  test.each(['session-1', 'session-2', ''])(
    'wins at once with session %j, and the end of the old one changes nothing',
    async (sessionId) => {
      const { connect, connections, registry } = await setUp()
      const old = await connect()
      const { agent } = await connect({ sessionId })
      await old.ended
      expect(old.agent.connection.isClosed).toBe(true)
      expect(connections.find('client-1')).toBe(agent.connection)
      expect(registry.find('client-1')).toMatchObject({ disconnectedAt: undefined, sessionId })
    },
  )

  test('takes over the ports of the old one', async () => {
    const { connect, tunnels } = await setUp()
    const port = await freePort()
    const facts = { remotes: [remote(22, port)] }
    await connect(facts)
    expect((await connect(facts)).outcome).toMatchObject({ ok: true, reply: [{ listenPort: port }] })
    expect(tunnels.service.list()).toMatchObject([{ id: '2', listenPort: port }])
  })

  test('of many that come at once the last one stays', async () => {
    const { connect, connections, tunnels, registry } = await setUp()
    const port = await freePort()
    const links = await Promise.all(Array.from({ length: 5 }, () => connect({ remotes: [remote(22, port)] })))
    expect(links.filter(({ agent }) => !agent.connection.isClosed)).toHaveLength(1)
    expect(connections.find('client-1')).toBe(links[4]?.agent.connection)
    expect(tunnels.service.list()).toHaveLength(1)
    expect(registry.count()).toEqual({ connected: 1, disconnected: 0 })
  })

  test('two machines with one id are held apart after three takeovers: the incumbent stays, both are warned', async () => {
    const { connect, connections, log } = await setUp()
    await connect({ sessionId: 'a', name: 'First' }, 'auth-1', '192.0.2.1')
    await connect({ sessionId: 'b' }, 'auth-1', '192.0.2.2')
    await connect({ sessionId: 'a', name: 'First' }, 'auth-1', '192.0.2.1')
    const incumbent = await connect({ sessionId: 'b', name: 'Second' }, 'auth-1', '192.0.2.2')
    const refused = await connect({ sessionId: 'a', name: 'First' }, 'auth-1', '192.0.2.1')
    expect(refused.outcome).toEqual({ ok: false, text: 'client is already connected: Second [client-1]' })
    expect(connections.find('client-1')).toBe(incumbent.agent.connection)
    expect(incumbent.agent.connection.isClosed).toBe(false)
    expect(
      log.lines.filter(({ level }) => level === 'warn').map(({ message, fields }) => [message, fields.address]),
    ).toEqual([
      ['another machine uses the id of this client', '192.0.2.2'],
      ['client refused: its id is in use by another machine', '192.0.2.1'],
    ])
    expect((await connect({ sessionId: 'b' }, 'auth-1', '192.0.2.2')).outcome.ok).toBe(true)
  })

  test('that is refused for its remotes has pushed nobody out', async () => {
    const { connect, connections } = await setUp()
    const old = await connect()
    expect((await connect({ remotes: [remote(80, 80)] })).outcome.ok).toBe(false)
    expect(connections.find('client-1')).toBe(old.agent.connection)
    expect(old.agent.connection.isClosed).toBe(false)
  })
})

describe('leaving and coming back', () => {
  test('a client that leaves keeps its list of tunnels, but their ports are free', async () => {
    const { connect, registry, tunnels, clock, db } = await setUp()
    const { agent, ended } = await connect({ remotes: [remote(22)] })
    const before = registry.find('client-1')?.tunnels
    await clock.advance(5000)
    agent.connection.close()
    await ended
    expect(registry.find('client-1')).toMatchObject({ tunnels: before, disconnectedAt: clock.now() })
    expect(tunnels.service.list()).toEqual([])
    const rows = await db.read.selectFrom('clients').select('disconnected_at').execute()
    expect(rows).toEqual([{ disconnected_at: clock.now() }])
  })

  test('tunnels of users come back on their ports, also after a restart of the server', async () => {
    const { connect, tunnels, registry } = await setUp()
    const port = await freePort()
    const first = await connect()
    await tunnels.service.create('admin', 'client-1', { remote: remote(22, port), checkPort: false })
    await tunnels.service.create('admin', 'client-1', { remote: remote(23), checkPort: false })
    const random = registry.find('client-1')?.tunnels[1]?.listenPort
    first.agent.connection.close()
    await first.ended
    await registry.start()
    const { outcome } = await connect()
    expect(outcome).toMatchObject({
      ok: true,
      reply: [
        { listenPort: port, owner: 'admin', listenPortRandom: false },
        { listenPort: random, owner: 'admin', listenPortRandom: true },
      ],
    })
  })

  test('what an agent reported rarely, and who may use the client, survives a new registration', async () => {
    const { connect, clients, registry } = await setUp()
    const { session } = await connect()
    const addresses = Buffer.from('{"ipv4":"203.0.113.9","ipv6":"","updated_at":"0001-01-01T00:00:00Z","error":""}')
    await clients.onRequest(session, 'ip_addresses', addresses)
    await registry.update('client-1', { allowedUserGroups: ['operators'] })
    await connect({ tags: ['new'] })
    expect(registry.find('client-1')).toMatchObject({
      ipAddresses: { ipv4: '203.0.113.9', updatedAt: '2026-01-01T00:00:00Z' },
      allowedUserGroups: ['operators'],
      tags: ['new'],
    })
  })

  test('a connected client cannot be deleted; a deleted one is gone for good', async () => {
    const { connect, clients, registry } = await setUp()
    const { agent, ended } = await connect()
    expect(await clients.service.delete('client-1')).toBe(false)
    agent.connection.close()
    await ended
    expect(await clients.service.delete('client-1')).toBe(true)
    await registry.start()
    expect(registry.find('client-1')).toBeUndefined()
  })

  test('disconnected clients are forgotten after their time, connected ones never', async () => {
    const { connect, clients, registry, clock } = await setUp({ purge: { enabled: true, keepMs: 3_600_000 } })
    clients.service.start()
    cleanups.push(() => clients.service.stop())
    await connect({ id: 'stays' })
    const { agent, ended } = await connect({ id: 'leaves' })
    agent.connection.close()
    await ended
    await clock.advance(3_600_000)
    expect(registry.find('leaves')).toBeDefined()
    await clock.advance(60_000)
    await expect.poll(() => [...registry.list()].map(({ id }) => id)).toEqual(['stays'])
  })

  test('with no time to keep them they are forgotten at once', async () => {
    const { connect, registry } = await setUp({ purge: { enabled: true, keepMs: 0 } })
    const { agent, ended } = await connect()
    agent.connection.close()
    await ended
    expect(registry.find('client-1')).toBeUndefined()
  })
})

describe('requests of a registered agent', () => {
  const text = (reply: { payload: Buffer }) => reply.payload.toString()

  test('a ping is a sign of life with an empty answer', async () => {
    const { connect, clients, registry, clock } = await setUp()
    const { session } = await connect()
    await clock.advance(1000)
    expect(await clients.onRequest(session, 'ping', Buffer.alloc(0))).toEqual({ ok: true, payload: Buffer.alloc(0) })
    expect(registry.find('client-1')?.lastHeartbeatAt).toBe(clock.now())
  })

  test('the state of updates is kept', async () => {
    const { connect, clients, registry } = await setUp()
    const { session } = await connect()
    const payload =
      '{"refreshed":"2026-11-21T00:23:10.112363131Z","updates_available":3,"update_summaries":null,"error":"x"}'
    await clients.onRequest(session, 'updates_status', Buffer.from(payload))
    expect(registry.find('client-1')?.updatesStatus).toMatchObject({
      refreshedAt: '2026-11-21T00:23:10.112363131Z',
      updatesAvailable: 3,
      error: 'x',
    })
  })

  test.each([
    ['save_measurement', '{}', 'unknown request'],
    ['new_connection', '{"ID":"x"}', 'unexpected connection request. please reconnect'],
    ['updates_status', '{"updates_available":"many"}', 'updates_status: updates_available'],
    ['ip_addresses', '[[[[', 'ip_addresses: '],
  ])('%s with %s is answered with a failure', async (name, payload, failure) => {
    const { connect, clients, registry } = await setUp()
    const { session } = await connect()
    const reply = await clients.onRequest(session, name, Buffer.from(payload))
    expect(reply.ok).toBe(false)
    expect(text(reply)).toContain(failure)
    expect(registry.find('client-1')).toMatchObject({
      updatesStatus: null,
      ipAddresses: null,
      disconnectedAt: undefined,
    })
  })

  test('the last words of a connection that was replaced count no more', async () => {
    const { connect, clients, registry, clock } = await setUp()
    const old = await connect()
    await connect()
    await clock.advance(1000)
    await clients.onRequest(old.session, 'ping', Buffer.alloc(0))
    const reply = await clients.onRequest(old.session, 'updates_status', Buffer.from('{}'))
    expect(text(reply)).toBe('this connection was replaced by a newer one')
    expect(registry.find('client-1')).toMatchObject({ updatesStatus: null, lastHeartbeatAt: undefined })
  })

  test('a flood of reports is written a few times only', async () => {
    const { connect, clients, registry, writes } = await setUp()
    const { session } = await connect()
    writes.count = 0
    const flood = Array.from({ length: 200 }, (_, count) =>
      clients.onRequest(session, 'updates_status', Buffer.from(`{"updates_available":${count}}`)),
    )
    expect((await Promise.all(flood)).every(({ ok }) => ok)).toBe(true)
    expect(registry.find('client-1')?.updatesStatus?.updatesAvailable).toBe(199)
    expect(writes.count).toBeLessThan(10)
  })
})
