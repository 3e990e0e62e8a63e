import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createScope,
  describeWithGo,
  disconnected,
  freePort,
  type GoAgentOptions,
  type GoPeer,
  openVisit,
  type PeerEvent,
  startGoAgent,
  startHoldTarget,
  startHttpTarget,
  startServer,
  type Target,
  type TestServer,
  visit,
} from '../harness/index.ts'
import type { Variables } from './replay/replay.mjs'
import { differences } from './wire-recording.ts'

const REQUEST = 'GET / HTTP/1.0\r\n\r\n'

describeWithGo('our server says to an agent of the field what the original said', () => {
  const scope = createScope()
  let server: TestServer
  let http: Target
  let hold: Target
  let closedPort: number

  beforeAll(async () => {
    http = await startHttpTarget(scope)
    hold = await startHoldTarget(scope)
    closedPort = await freePort()
    server = await startServer(scope, {
      settings: {
        server: {
          auth: 'wire-cred:wire-pw-1',
          check_port_timeout: '1s',
          used_ports: ['21200-21299', '30000-32000'],
          client_login_wait: 0,
        },
      },
    })
  })
  afterAll(() => scope.close())

  const start = (options: Partial<GoAgentOptions> = {}): GoPeer =>
    startGoAgent(scope, {
      url: `ws://127.0.0.1:${server.agentPort}`,
      auth: 'wire-cred:wire-pw-1',
      id: 'wire-a',
      version: '0.0.0-src',
      traceData: true,
      ...options,
    })

  /** An agent that is connected, and a way to see only what came after that. */
  async function join(options: Partial<GoAgentOptions> = {}) {
    const agent = start(options)
    await agent.waitFor({ name: 'put_capabilities' })
    const from = agent.events.length
    return { agent, later: () => agent.events.slice(from) }
  }

  /** Ends the agent and forgets its client, so that the next story starts afresh. */
  async function leave(agent: GoPeer, id = 'wire-a'): Promise<void> {
    await agent.program.kill()
    await disconnected(server, id)
    expect((await server.api.call('DELETE', `/api/v1/clients/${id}`)).status).toBe(204)
  }

  const check = (scenario: string, seen: readonly PeerEvent[], conn?: number) => {
    const variables: Variables = {
      'port:target_http': String(http.port),
      'port:target_hold': String(hold.port),
      'port:closed': String(closedPort),
    }
    const sender = 'server->agent'
    expect(differences({ scenario, sender, seen, variables, ...(conn === undefined ? {} : { conn }) })).toEqual([])
  }

  test('connect', async () => {
    const { agent } = await join()
    check('connect', agent.events)
    await leave(agent)
  })

  test('static-remote', async () => {
    const agent = start({
      id: 'wire-static',
      remotes: [`21220:127.0.0.1:${http.port}`, `:127.0.0.1:${hold.port}`],
    })
    await agent.waitFor({ name: 'put_capabilities' })
    expect((await visit({ port: 21_220, send: REQUEST })).text).toContain('hello target')
    await agent.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    check('static-remote', agent.events)
    await leave(agent, 'wire-static')
  })

  test('refused-auth', async () => {
    const agent = start({ auth: 'wire-cred:wrong-pw' })
    await agent.waitFor({ event: 'closed' })
    check('refused-auth', agent.events)
  })

  test('refused-remote, and the connection ends', async () => {
    const agent = start({ id: 'wire-badport', remotes: [`80:127.0.0.1:${http.port}`] })
    await agent.waitFor({ event: 'closed' })
    check('refused-remote', agent.events)
  })

  test('ping-agent', async () => {
    const { agent, later } = await join()
    await agent.command({ do: 'request', name: 'ping' })
    check('ping-agent', later())
    await leave(agent)
  })

  test('tunnel-tcp', async () => {
    const { agent, later } = await join()
    const { port } = await server.api.openTunnel('wire-a', { remote: http.port })
    expect((await visit({ port, send: REQUEST })).text).toContain('hello target')
    await agent.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    check('tunnel-tcp', later())
    await leave(agent)
  })

  test('tunnel-tcp-client-closes', async () => {
    const { agent, later } = await join()
    const { port } = await server.api.openTunnel('wire-a', { remote: hold.port })
    const visitor = await openVisit(port)
    await visitor.receives('hold\n')
    visitor.socket.end('bye\n')
    await agent.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    check('tunnel-tcp-client-closes', later())
    await leave(agent)
  })

  test('tunnel-tcp-target-closed', async () => {
    const { agent, later } = await join()
    const { port } = await server.api.openTunnel('wire-a', { remote: closedPort, check_port: 0 })
    expect(await visit({ port })).toEqual({ text: '' })
    await agent.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    check('tunnel-tcp-target-closed', later())
    await leave(agent)
  })

  test('check-port-closed', async () => {
    const { agent, later } = await join()
    const reply = await server.api.call('PUT', `/api/v1/clients/wire-a/tunnels?remote=${closedPort}`)
    expect(reply.status).toBe(400)
    check('check-port-closed', later())
    await leave(agent)
  })

  test('reconnect', async () => {
    const { agent } = await join({ comeBack: '100ms' })
    await agent.command({ do: 'close' })
    await agent.waitFor({ name: 'put_capabilities', conn: 2 })
    check('reconnect', agent.find({ conn: 2 }), 2)
    await leave(agent)
  })

  test('reconnect-restores-tunnels', async () => {
    const { agent, later } = await join({ comeBack: '100ms' })
    await server.api.openTunnel('wire-a', { local: 21_210, remote: hold.port })
    await server.api.openTunnel('wire-a', { remote: http.port })
    check('reconnect-restores-tunnels', later(), 1)
    await agent.command({ do: 'close' })
    await agent.waitFor({ name: 'put_capabilities', conn: 2 })
    check('reconnect-restores-tunnels', agent.find({ conn: 2 }), 2)
    await leave(agent)
  })

  test('agent-stops: the client shows as disconnected', async () => {
    const { agent } = await join()
    await agent.program.kill()
    await disconnected(server, 'wire-a')
  })
})
