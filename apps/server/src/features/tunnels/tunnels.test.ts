import { connect } from 'node:net'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { type RemoteRecord, toRemoteRecord } from '@rport/protocol'
import { pipeSocket } from '@rport/transport'
import { afterEach, describe, expect, test } from 'vitest'
import { createConnections } from '../../agents/connections.ts'
import { createFakeAgent, type FakeAgent, type FakeAgentOptions } from '../../testing/fake-agent.ts'
import { startEchoTarget, startTarget, visit } from '../../testing/tcp-target.ts'
import { DEFAULT_PORTS } from '../../testing/test-ports.ts'
import { unrestricted } from '../../testing/unrestricted.ts'
import { createTunnelListeners } from '../../visitors/index.ts'
import { createTunnels, type Tunnel, type TunnelsDeps } from './index.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const ALLOWED = () => ({ ok: true as const, value: { IsAllowed: true } })
const OPEN = () => ({ ok: true as const, value: { Open: true, ErrMsg: '' } })

interface Options {
  keep?: (tunnels: readonly Tunnel[]) => Promise<void>
  allowedByCredential?: TunnelsDeps['allowedByCredential']
}

function setUp(options: Options = {}) {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const connections = createConnections()
  const kept: { clientId: string; ids: string[]; acls: (string | null)[] }[] = []
  const tunnels = createTunnels({
    policy: unrestricted,
    connections,
    memory: {
      async keepTunnels(clientId, list) {
        await options.keep?.(list)
        kept.push({ clientId, ids: list.map(({ id }) => id), acls: list.map(({ acl }) => acl) })
      },
      passOnTunnels: async () => undefined,
    },
    ports: DEFAULT_PORTS,
    checkPortTimeoutMs: 2000,
    isProxyConfigured: false,
    visibleTo: async () => () => true,
    allowedByCredential: options.allowedByCredential ?? (() => true),
    openListener: createTunnelListeners({ pipe: pipeSocket, clock, log }),
    clock,
    log,
  })
  cleanups.push(() => tunnels.close())
  const join = (clientId: string, agentOptions: FakeAgentOptions = {}): FakeAgent => {
    const answers = { check_tunnel_allowed: ALLOWED, check_port: OPEN, ...agentOptions.answers }
    const agent = createFakeAgent({ ...agentOptions, answers })
    connections.set(clientId, agent.connection)
    cleanups.push(() => agent.connection.close())
    return agent
  }
  return { clock, log, connections, kept, tunnels, join }
}

const to = (targetPort: number, facts: Partial<RemoteRecord> = {}): RemoteRecord =>
  toRemoteRecord(
    {
      protocol: 'tcp',
      listenHost: facts.listenPort === undefined ? '' : '0.0.0.0',
      listenPort: undefined,
      targetHost: '127.0.0.1',
      targetPort,
    },
    facts,
  )
const wish = (targetPort: number, facts: Partial<RemoteRecord> = {}, checkPort = true) => ({
  remote: to(targetPort, facts),
  checkPort,
})

async function echo() {
  const target = await startEchoTarget()
  cleanups.push(() => target.close())
  return target
}
async function freePort(): Promise<number> {
  const probe = await startTarget(() => undefined)
  await probe.close()
  return probe.port
}
const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(!socket.destroy().connecting))
    socket.once('error', () => resolve(false))
  })

describe('a tunnel on demand', () => {
  test('carries bytes, belongs to its user, and is remembered', async () => {
    const { tunnels, join, kept } = setUp()
    const agent = join('c1')
    const target = await echo()
    const tunnel = await tunnels.service.create('admin', 'c1', wish(target.port))
    expect(tunnel).toMatchObject({ id: '1', owner: 'admin', listenHost: '0.0.0.0', listenPortRandom: true })
    expect(tunnel.listenPort).toBeGreaterThanOrEqual(20_000)
    expect(tunnel.listenPort).toBeLessThanOrEqual(30_000)
    const visitor = await visit(tunnel.listenPort)
    visitor.socket.write('hello')
    await visitor.received('hello')
    expect(agent.channels).toEqual([`127.0.0.1:${target.port}`])
    expect(agent.requests).toEqual([
      { name: 'check_tunnel_allowed', payload: { Remote: `127.0.0.1:${target.port}` } },
      { name: 'check_port', payload: { HostPort: `127.0.0.1:${target.port}`, Timeout: 2_000_000_000 } },
    ])
    expect(kept).toEqual([{ clientId: 'c1', ids: ['1'], acls: [null] }])
  })

  test('needs a connected client', async () => {
    await expect(setUp().tunnels.service.create('admin', 'c1', wish(22))).rejects.toThrow('client with id c1 not found')
  })

  test('is refused by the agent’s own rules before anything else is asked', async () => {
    const { tunnels, join } = setUp()
    const agent = join('c1', { answers: { check_tunnel_allowed: () => ({ ok: true, value: { IsAllowed: false } }) } })
    await expect(tunnels.service.create('admin', 'c1', wish(22))).rejects.toThrow(
      'Tunnel destination is not allowed by client configuration.',
    )
    expect(agent.requests).toHaveLength(1)
  })

  test('one of our own agents is asked about right and port at once, and its right counts first', async () => {
    const { tunnels, join } = setUp()
    const right = Promise.withResolvers<void>()
    const agent = join('c1', { isOurs: true })
    agent.answer('check_port', () => {
      right.resolve()
      return { ok: true, value: { Open: false, ErrMsg: 'not allowed' } }
    })
    agent.answer('check_tunnel_allowed', async () => {
      await right.promise
      return { ok: true, value: { IsAllowed: false } }
    })
    await expect(tunnels.service.create('admin', 'c1', wish(22))).rejects.toThrow(
      'Tunnel destination is not allowed by client configuration.',
    )
    expect(agent.requests.map(({ name }) => name)).toEqual(['check_tunnel_allowed', 'check_port'])
  })

  test('what one of our own agents says of a closed port is reported', async () => {
    const { tunnels, join } = setUp()
    const answer = { Open: false, ErrMsg: 'connect: connection refused' }
    join('c1', { isOurs: true }).answer('check_port', () => ({ ok: true, value: answer }))
    await expect(tunnels.service.create('admin', 'c1', wish(22))).rejects.toMatchObject({
      entries: [{ title: 'Port 22 is not in listening state.', detail: 'connect: connection refused' }],
    })
  })

  test('an old agent that does not know the question has nothing against it', async () => {
    const { tunnels, join } = setUp()
    const agent = join('c1')
    agent.answer('check_tunnel_allowed', () => ({ ok: false, text: 'unknown request' }))
    await expect(tunnels.service.create('admin', 'c1', wish((await echo()).port))).resolves.toMatchObject({ id: '1' })
  })

  test.each([
    ['check_tunnel_allowed', { ok: false as const, text: 'no such host' }, 'client error: no such host'],
    ['check_port', { ok: false as const, text: 'not now' }, 'client error: not now'],
    ['check_tunnel_allowed', { ok: true as const, value: 'nonsense' }, 'client error: '],
  ])('a failure of %s is the client’s error', async (name, answer, title) => {
    const { tunnels, join } = setUp()
    join('c1').answer(name, () => answer)
    await expect(tunnels.service.create('admin', 'c1', wish(22))).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining(title),
    })
  })

  test('a closed target is reported with what the agent said, unless nobody asks', async () => {
    const { tunnels, join } = setUp()
    const answer = { Open: false, ErrMsg: 'connect: connection refused' }
    join('c1').answer('check_port', () => ({ ok: true, value: answer }))
    await expect(tunnels.service.create('admin', 'c1', wish(22))).rejects.toMatchObject({
      status: 400,
      entries: [{ code: '', title: 'Port 22 is not in listening state.', detail: 'connect: connection refused' }],
    })
    await expect(tunnels.service.create('admin', 'c1', wish(22, {}, false))).resolves.toMatchObject({ id: '1' })
  })

  test('a client that leaves while it is asked fails the request and leaves no port behind', async () => {
    const { tunnels, join } = setUp()
    const agent = join('c1')
    const port = await freePort()
    agent.answer('check_port', async () => {
      agent.connection.close()
      return OPEN()
    })
    await expect(tunnels.service.create('admin', 'c1', wish(22, { listenPort: port }))).rejects.toThrow()
    expect(await isOpen(port)).toBe(false)
    expect(tunnels.service.list()).toEqual([])
  })

  test('what cannot be stored is closed again', async () => {
    const { tunnels, join } = setUp({ keep: () => Promise.reject(new Error('disk full')) })
    join('c1')
    const port = await freePort()
    const attempt = tunnels.service.create('admin', 'c1', wish(22, { listenPort: port }))
    await expect(attempt).rejects.toThrow('disk full')
    expect(await isOpen(port)).toBe(false)
    expect(tunnels.service.list()).toEqual([])
  })
})

describe('duplicates', () => {
  test('the same local end, target and ACL', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    const same = wish(22, { listenPort: await freePort(), acl: '127.0.0.1' })
    await tunnels.service.create('admin', 'c1', same)
    await expect(tunnels.service.create('admin', 'c1', same)).rejects.toMatchObject({
      status: 400,
      entries: [{ code: 'ERR_CODE_TUNNEL_EXIST', title: 'Tunnel already exist.', detail: '' }],
    })
  })

  test('the same target with the same ACL; another ACL or another client is another tunnel', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    join('c2')
    await tunnels.service.create('admin', 'c1', wish(22))
    await expect(tunnels.service.create('admin', 'c1', wish(22))).rejects.toMatchObject({
      entries: [{ code: 'ERR_CODE_TUNNEL_TO_PORT_EXIST', title: 'Tunnel to port 22 already exists.', detail: '' }],
    })
    await tunnels.service.create('admin', 'c1', wish(22, { acl: '10.0.0.0/8' }))
    await tunnels.service.create('admin', 'c2', wish(22))
    expect(tunnels.service.list()).toHaveLength(3)
  })

  test('of two callers that want the same at the same moment one gets it', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    const outcomes = await Promise.allSettled([1, 2].map(() => tunnels.service.create('admin', 'c1', wish(22))))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(tunnels.service.list()).toHaveLength(1)
  })
})

describe('ports', () => {
  test('of two clients that want one port at the same moment one gets it, and it works', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    join('c2')
    const target = await echo()
    const port = await freePort()
    const outcomes = await Promise.allSettled(
      ['c1', 'c2'].map((id) => tunnels.service.create('admin', id, wish(target.port, { listenPort: port }))),
    )
    const lost = outcomes.find((outcome) => outcome.status === 'rejected')
    expect(lost?.reason).toMatchObject({ status: 409, message: `Local port ${port} already in use.` })
    const visitor = await visit(port)
    visitor.socket.write('hello')
    await visitor.received('hello')
  })

  test('a port of another tunnel is in use', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    const port = await freePort()
    await tunnels.service.create('admin', 'c1', wish(22, { listenPort: port }))
    await expect(tunnels.service.create('admin', 'c1', wish(23, { listenPort: port }))).rejects.toMatchObject({
      status: 400,
      message: `Port ${port} already in use.`,
    })
  })

  test('a port of another program is in use', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    const other = await echo()
    await expect(tunnels.service.create('admin', 'c1', wish(22, { listenPort: other.port }))).rejects.toMatchObject({
      status: 400,
      message: `Port ${other.port} already in use.`,
    })
  })

  test('a port outside the policy is refused', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    await expect(tunnels.service.create('admin', 'c1', wish(22, { listenPort: 80 }))).rejects.toMatchObject({
      status: 400,
      message: 'Local port 80 is not among allowed ports.',
    })
  })

  test('a listen address that is not this server’s is refused with the reason', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    const port = await freePort()
    for (const listenHost of ['192.0.2.1', 'elsewhere.example.com']) {
      const request = { remote: { ...to(22), listenHost, listenPort: port }, checkPort: false }
      await expect(tunnels.service.create('admin', 'c1', request)).rejects.toMatchObject({
        status: 409,
        message: expect.stringMatching(/^unable to start tunnel: \S/),
      })
    }
  })

  test('a random port is taken by really listening: one that another program has is passed over', async () => {
    const other = await echo()
    const clock = createFakeClock()
    const log = createMemoryLogger()
    const connections = createConnections()
    const tunnels = createTunnels({
      policy: unrestricted,
      connections,
      memory: { keepTunnels: async () => undefined, passOnTunnels: async () => undefined },
      ports: { random: [{ first: other.port, last: other.port }], fixed: [] },
      checkPortTimeoutMs: 2000,
      isProxyConfigured: false,
      visibleTo: async () => () => true,
      allowedByCredential: () => true,
      openListener: createTunnelListeners({ pipe: pipeSocket, clock, log }),
      clock,
      log,
    })
    const agent = createFakeAgent({ answers: { check_tunnel_allowed: ALLOWED } })
    connections.set('c1', agent.connection)
    await expect(tunnels.service.create('admin', 'c1', wish(22, {}, false))).rejects.toMatchObject({ status: 409 })
    await other.close()
    cleanups.pop()
    const tunnel = await tunnels.service.create('admin', 'c1', wish(22, {}, false))
    expect(tunnel.listenPort).toBe(other.port)
    await tunnels.close()
  })
})

describe('a credential with rules for tunnels', () => {
  const rules = {
    allowedByCredential: (id: string, { targetPort }: RemoteRecord) => id !== 'auth-1' || targetPort === 22,
  }

  test('holds on demand, for the clients of that credential only', async () => {
    const { tunnels, join } = setUp(rules)
    join('c1')
    join('c2', { user: 'auth-2' })
    await expect(tunnels.service.create('admin', 'c1', wish(80))).rejects.toMatchObject({
      status: 403,
      key: 'tunnel_not_allowed_by_credential',
    })
    await tunnels.service.create('admin', 'c1', wish(22))
    await tunnels.service.create('admin', 'c2', wish(80))
    expect(tunnels.service.list().map(({ clientId, targetPort }) => [clientId, targetPort])).toEqual([
      ['c1', 22],
      ['c2', 80],
    ])
  })

  test('refuses standing remotes with a reason for the log of the agent', async () => {
    const { tunnels, join } = setUp(rules)
    const { connection } = join('c1')
    const client = { clientId: 'c1', connection, version: '1.0.0', previous: [] }
    const registering = tunnels.ofClients.establish({ ...client, requested: [to(22), to(80)] })
    await expect(registering).rejects.toThrow(
      'the client auth id may not have a tunnel from a free port to 127.0.0.1:80',
    )
    expect(tunnels.service.list()).toEqual([])
  })

  test('leaves out former tunnels that it does not allow any more', async () => {
    const { tunnels, join } = setUp(rules)
    const { connection } = join('c1')
    const former = (id: string, targetPort: number) =>
      ({ ...to(targetPort), id, clientId: 'c1', createdAt: 0 }) as Tunnel
    const previous = [former('1', 22), former('2', 80)].map((tunnel) => ({
      ...tunnel,
      listenPortRandom: true,
      listenPort: 1,
    }))
    const client = { clientId: 'c1', connection, version: '1.0.0', requested: [], previous }
    expect((await tunnels.ofClients.establish(client)).map(({ targetPort }) => targetPort)).toEqual([22])
  })
})

describe('the end of a tunnel', () => {
  test('deleting frees the port at once; a second time there is nothing to delete', async () => {
    const { tunnels, join, kept } = setUp()
    join('c1')
    const tunnel = await tunnels.service.create('admin', 'c1', wish(22))
    await tunnels.service.delete('c1', '1', { force: false })
    expect(await isOpen(tunnel.listenPort)).toBe(false)
    expect(kept.at(-1)).toEqual({ clientId: 'c1', ids: [], acls: [] })
    await expect(tunnels.service.delete('c1', '1', { force: false })).rejects.toThrow('tunnel not found')
  })

  test('a tunnel that somebody uses is deleted by force only', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    const target = await echo()
    const tunnel = await tunnels.service.create('admin', 'c1', wish(target.port))
    const visitor = await visit(tunnel.listenPort)
    visitor.socket.write('x')
    await visitor.received('x')
    await expect(tunnels.service.delete('c1', '1', { force: false })).rejects.toMatchObject({
      status: 409,
      message: 'tunnel has 1 active connection(s)',
    })
    await tunnels.service.delete('c1', '1', { force: true })
    await visitor.ended
  })

  test('an idle tunnel ends by itself and does not come back', async () => {
    const { tunnels, join, kept, clock } = setUp()
    join('c1')
    const tunnel = await tunnels.service.create('admin', 'c1', wish(22, { idleTimeoutMs: 60_000 }))
    await clock.advance(60_000)
    await expect.poll(() => kept.at(-1)?.ids).toEqual([])
    expect(await isOpen(tunnel.listenPort)).toBe(false)
    expect(clock.pending).toBe(0)
  })

  test('ids count on after a tunnel has gone', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    await tunnels.service.create('admin', 'c1', wish(22))
    await tunnels.service.delete('c1', '1', { force: false })
    expect((await tunnels.service.create('admin', 'c1', wish(22))).id).toBe('2')
  })

  test('closing everything twice is closing it once', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    const tunnel = await tunnels.service.create('admin', 'c1', wish(22))
    await Promise.all([tunnels.close(), tunnels.close(), tunnels.ofClients.close('c1', 'disconnected')])
    expect(await isOpen(tunnel.listenPort)).toBe(false)
  })
})

describe('the ACL', () => {
  test('is judged anew for each visitor, also after a change', async () => {
    const { tunnels, join, kept } = setUp()
    join('c1')
    const target = await echo()
    const tunnel = await tunnels.service.create('admin', 'c1', wish(target.port, { acl: '10.0.0.0/8' }))
    const refused = await visit(tunnel.listenPort)
    await refused.ended
    expect(refused.text()).toBe('')
    await tunnels.service.changeAcl('c1', '1', '127.0.0.1')
    const visitor = await visit(tunnel.listenPort)
    visitor.socket.write('hello')
    await visitor.received('hello')
    expect(kept.at(-1)?.acls).toEqual(['127.0.0.1'])
    await tunnels.service.changeAcl('c1', '1', null)
    expect(kept.at(-1)?.acls).toEqual([null])
  })

  test('a text that is none changes nothing', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    await tunnels.service.create('admin', 'c1', wish(22, { acl: '10.0.0.0/8' }))
    await expect(tunnels.service.changeAcl('c1', '1', 'nonsense')).rejects.toMatchObject({
      status: 400,
      message: 'invalid IP addr: nonsense',
    })
    expect(tunnels.service.list()[0]?.acl).toBe('10.0.0.0/8')
  })

  test('of an unknown tunnel is not found', async () => {
    const { tunnels, join } = setUp()
    join('c1')
    await expect(tunnels.service.changeAcl('c1', '999', null)).rejects.toThrow('tunnel not found')
  })
})

describe('a client that registers', () => {
  const returning = (agent: FakeAgent, facts: { requested?: RemoteRecord[] | null; previous?: readonly Tunnel[] }) => ({
    clientId: 'c1',
    connection: agent.connection,
    version: '1.0.0',
    requested: facts.requested ?? null,
    previous: facts.previous ?? [],
  })

  test('gets its standing remotes, without limits of time and without an owner', async () => {
    const { tunnels, join } = setUp()
    const target = await echo()
    const port = await freePort()
    const requested = [to(target.port, { listenPort: port, owner: 'admin' }), to(22)]
    const opened = await tunnels.ofClients.establish(returning(join('c1'), { requested }))
    expect(opened).toMatchObject([
      { id: '1', listenPort: port, listenPortRandom: false, owner: '', idleTimeoutMs: 0 },
      { id: '2', listenPortRandom: true, targetPort: 22 },
    ])
    const visitor = await visit(port)
    visitor.socket.write('hello')
    await visitor.received('hello')
  })

  test('is refused as a whole when one remote cannot be opened, and the others are closed again', async () => {
    const { tunnels, join } = setUp()
    const taken = await echo()
    const port = await freePort()
    const requested = [to(22, { listenPort: port }), to(23, { listenPort: taken.port })]
    await expect(tunnels.ofClients.establish(returning(join('c1'), { requested }))).rejects.toThrow(
      `Local port ${taken.port} already in use.`,
    )
    expect(await isOpen(port)).toBe(false)
  })

  test.each<[string, RemoteRecord[], string]>([
    ['port', [to(22, { listenPort: 80 })], 'Local port 80 is not among allowed ports.'],
    ['pair', [to(22, { listenPort: 2222 }), to(23, { listenPort: 2222 })], 'Local port 2222 already in use.'],
    ['ACL', [to(22, { acl: '1.2.3' })], 'invalid IP addr: 1.2.3'],
    [
      'protocol',
      [{ ...to(53), protocol: 'udp' }],
      'unable to start tunnel: protocol udp is not supported by this server',
    ],
    ['proxy', [to(80, { httpProxy: true })], 'unable to start tunnel: http_proxy is not supported by this server'],
  ])('a %s that cannot work is found without opening anything', (_what, requested, text) => {
    expect(() => setUp().tunnels.ofClients.requireOpenable(requested)).toThrow(text)
  })

  async function leaveAndReturn(wishes: RemoteRecord[]) {
    const set = setUp()
    set.join('c1')
    for (const remote of wishes) await set.tunnels.service.create('admin', 'c1', { remote, checkPort: false })
    const previous = set.tunnels.service.list()
    set.connections.find('c1')?.close()
    await set.tunnels.ofClients.close('c1', 'disconnected')
    return { ...set, previous }
  }

  test('gets the tunnels of its users back on their ports, after the agent was asked again', async () => {
    const port = await freePort()
    const { tunnels, join, previous } = await leaveAndReturn([to(22, { listenPort: port, acl: '127.0.0.1' }), to(23)])
    const agent = join('c1')
    const opened = await tunnels.ofClients.establish(returning(agent, { previous }))
    expect(opened.map(({ id }) => id)).toEqual(['3', '4'])
    expect(opened.map(({ listenPort }) => listenPort)).toEqual(previous.map(({ listenPort }) => listenPort))
    expect(opened[0]).toMatchObject({ acl: '127.0.0.1', owner: 'admin', listenPortRandom: false })
    expect(opened[1]).toMatchObject({ listenPortRandom: true })
    expect(agent.requests.map(({ name }) => name)).toEqual(['check_tunnel_allowed', 'check_tunnel_allowed'])
  })

  test('gets another random port when the old one is taken, but never another given one', async () => {
    const given = await freePort()
    const { tunnels, join, previous, log } = await leaveAndReturn([to(22, { listenPort: given }), to(23)])
    for (const { listenPort } of previous) {
      const squatter = connectSquatter(listenPort)
      cleanups.push(await squatter)
    }
    const opened = await tunnels.ofClients.establish(returning(join('c1'), { previous }))
    expect(opened).toHaveLength(1)
    expect(opened[0]?.targetPort).toBe(23)
    expect(opened[0]?.listenPort).not.toBe(previous[1]?.listenPort)
    expect(log.lines.some(({ message }) => message === 'tunnel of a returning client could not be reopened')).toBe(true)
  })

  test('a tunnel that the agent does not allow any more stays away', async () => {
    const { tunnels, join, previous } = await leaveAndReturn([to(22), to(23)])
    const agent = join('c1')
    agent.answer('check_tunnel_allowed', (ask) => ({
      ok: true,
      value: { IsAllowed: (ask as { Remote: string }).Remote.endsWith(':22') },
    }))
    const opened = await tunnels.ofClients.establish(returning(agent, { previous }))
    expect(opened.map(({ targetPort }) => targetPort)).toEqual([22])
  })

  test('an agent that cannot answer, or not in time, keeps its tunnels: it is asked again for every channel', async () => {
    const { tunnels, join, previous, clock } = await leaveAndReturn([to(22), to(23)])
    const agent = join('c1')
    agent.answer('check_tunnel_allowed', (ask) =>
      (ask as { Remote: string }).Remote.endsWith(':22')
        ? { ok: false, text: 'lookup failed' }
        : new Promise(() => undefined),
    )
    const establishing = tunnels.ofClients.establish(returning(agent, { previous }))
    await clock.advance(10_000)
    expect(await establishing).toHaveLength(2)
  })

  test('agents before 0.6.4, and source builds, are not asked', async () => {
    const { tunnels, join, previous } = await leaveAndReturn([to(22)])
    const agent = join('c1')
    await tunnels.ofClients.establish({ ...returning(agent, { previous }), version: '0.0.0-src' })
    expect(agent.requests).toEqual([])
  })

  test('a standing remote without a port gets the random port it had before', async () => {
    const { tunnels, join, previous } = await leaveAndReturn([to(22)])
    const opened = await tunnels.ofClients.establish(returning(join('c1'), { requested: [to(22)], previous }))
    expect(opened.map(({ listenPort }) => listenPort)).toEqual([previous[0]?.listenPort])
  })

  test('a connection that closes meanwhile leaves nothing open', async () => {
    const { tunnels, join, previous } = await leaveAndReturn([to(22)])
    const agent = join('c1')
    agent.answer('check_tunnel_allowed', () => {
      agent.connection.close()
      return ALLOWED()
    })
    await expect(tunnels.ofClients.establish(returning(agent, { previous }))).rejects.toThrow()
    expect(await isOpen(previous[0]!.listenPort)).toBe(false)
  })
})

/** Sits on a port; returns how to leave. */
async function connectSquatter(port: number): Promise<() => Promise<void>> {
  const { createServer } = await import('node:net')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve))
  return () => new Promise((resolve) => server.close(() => resolve()))
}
