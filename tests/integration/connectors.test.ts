import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RemoteSwarm, startSwarm } from '../../bench/fleet/swarm-remote.ts'
import {
  ADMIN,
  accepts,
  connected,
  createScope,
  freePort,
  freeTunnelPort,
  goMissing,
  launchAgent,
  openVisit,
  RPORTD,
  run,
  startAgent,
  startEchoTarget,
  startGoAgent,
  startHoldTarget,
  startServer,
  startTransferTarget,
  type TestServer,
  transfer,
  until,
  visit,
} from '../harness/index.ts'

const MEGABYTE = 1024 * 1024
/** So many that chance cannot lead all of them to one of two connectors. */
const SWARM = 30

/** Process ids of the connectors of now, as the kernel knows them. */
const connectorsOf = (server: TestServer): number[] =>
  readFileSync(`/proc/${server.program.pid}/task/${server.program.pid}/children`, 'utf8').trim().split(' ').map(Number)

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a server with two connectors', { timeout: 60_000 }, () => {
  const scope = createScope()
  const auth = (id: string) => ({
    client: { auth: `${id}:password-of-${id}` },
    connection: { max_retry_interval: '1s' },
  })
  const machines = ['machine-1', 'machine-2', 'machine-3']
  let server: TestServer
  let swarm: RemoteSwarm

  beforeAll(async () => {
    const settings = {
      server: { connectors: 2, auth: undefined, max_failed_login: 0 },
      metrics: { enabled: true },
      logging: { log_level: 'debug' },
    }
    server = await startServer(scope, { settings })
    for (const id of ['fleet', 'doomed']) {
      await server.api.call('POST', '/api/v1/clients-auth', { id, password: `password-of-${id}` })
    }
    await Promise.all(machines.map((id) => startAgent(scope, server, { id, settings: auth('fleet') })))
    const credential = { id: 'fleet', password: 'password-of-fleet' }
    swarm = startSwarm({ url: `ws://127.0.0.1:${server.agentPort}`, auth: credential }, scope)
    await swarm.join(SWARM, 16)
  }, 60_000)
  afterAll(() => scope.close())

  const machine = 'machine-1'
  const tunnelPath = (id: string) => `/api/v1/clients/${machine}/tunnels/${id}`

  test('says how many of them listen, and is ready', async () => {
    expect(connectorsOf(server)).toHaveLength(2)
    expect((await server.api.get('/metrics')).text).toContain('rport_connectors_listening 2')
    expect((await server.api.get('/readyz')).status).toBe(200)
  })

  test('brings 16 MB up and 16 MB down through a tunnel without a byte lost', async () => {
    const target = await startTransferTarget(scope)
    const { port } = await server.api.openTunnel(machine, { remote: target.port })
    const size = 16 * MEGABYTE
    expect(await transfer({ port, uploadBytes: size, downloadBytes: size })).toEqual({
      intact: true,
      downloadedBytes: size,
    })
  })

  test('refuses a port that somebody else has with its number', async () => {
    const query = `local=${server.apiPort}&remote=${server.apiPort}&check_port=0`
    const reply = await server.api.call('PUT', `/api/v1/clients/${machine}/tunnels?${query}`)
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(String(server.apiPort))
  })

  test('judges new visitors by a changed ACL and leaves those inside alone', async () => {
    const target = await startEchoTarget(scope)
    const tunnel = await server.api.openTunnel(machine, { remote: target.port, acl: '127.0.0.1' })
    const inside = await openVisit(tunnel.port)
    inside.socket.write('before')
    await inside.receives('before')
    const changed = await server.api.call('PUT', `${tunnelPath(tunnel.id)}/acl`, { acl: '192.0.2.1' })
    expect(changed.status).toBe(204)
    expect((await visit({ port: tunnel.port, send: 'x' })).text).toBe('')
    inside.socket.write('after')
    await inside.receives('after')
    inside.socket.destroy()
    await server.program.waitFor(/tunnel visitor refused by acl/)
  })

  test('keeps a tunnel with a visitor inside until somebody insists', async () => {
    const target = await startHoldTarget(scope)
    const local = await freeTunnelPort()
    const tunnel = await server.api.openTunnel(machine, { local, remote: target.port })
    const visitor = await openVisit(local)
    await visitor.receives('hold\n')
    const refused = await server.api.call('DELETE', tunnelPath(tunnel.id))
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('tunnel has 1 active connection')])
    expect((await server.api.call('DELETE', `${tunnelPath(tunnel.id)}?force=true`)).status).toBe(204)
    await visitor.closed
    expect(await accepts(local)).toBe(false)
  })

  test('lets a newer connection of a client take over, wherever it arrives', async () => {
    const replace = async (id: string) => {
      const first = await startAgent(scope, server, { id, settings: auth('fleet') })
      // Its connection stays, and it does not come back by itself.
      first.program.signal('SIGSTOP')
      const address = `127.0.0.1:${server.agentPort}`
      const second = await launchAgent(scope, { id, address, settings: auth('fleet') })
      await server.program.waitFor(new RegExp(`connection taken over by a newer one.*clientId=${id} `))
      await connected(server, id)
      await Promise.all([first.program.kill(), second.program.kill()])
    }
    await Promise.all(['twin-1', 'twin-2', 'twin-3'].map(replace))
  })

  test('ends the agents of a credential that is removed', async () => {
    await startAgent(scope, server, { id: 'doomed-1', settings: auth('doomed') })
    const removed = await server.api.call('DELETE', '/api/v1/clients-auth/doomed?force=true')
    expect(removed.status).toBe(204)
    expect(await server.api.client('doomed-1')).toBeUndefined()
    await server.program.waitFor(/connection ended.*clientAuthId=doomed /)
  })

  test.skipIf(goMissing !== undefined)('serves agents on the libraries of the original', async () => {
    const [url, id] = [`ws://127.0.0.1:${server.agentPort}`, 'go-1']
    const peer = startGoAgent(scope, { url, auth: 'fleet:password-of-fleet', id })
    await peer.waitFor({ event: 'registered', ok: true })
    expect((await peer.command({ do: 'request', name: 'ping' })).error).toBeUndefined()
    const target = await startEchoTarget(scope)
    const { port } = await server.api.openTunnel(id, { remote: target.port, check_port: 0 })
    const visitor = await openVisit(port)
    visitor.socket.write('through Go')
    await visitor.receives('through Go')
    visitor.socket.destroy()
  })

  test('answers plain requests on the port as without connectors', async () => {
    const url = `http://127.0.0.1:${server.agentPort}`
    const plain = await fetch(`${url}/some/where`)
    expect([plain.status, await plain.text()]).toEqual([404, ''])
    expect((await fetch(`${url}/?q=%zz`)).status).toBe(400)
    expect((await fetch(url, { method: 'POST', body: 'small' })).status).toBe(404)
    const large = await openVisit(server.agentPort)
    large.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n')
    await large.receives('exceeds the limit of 524288 bytes')
    const old = await visit({ port: server.agentPort, send: 'GET / HTTP/1.0\r\n\r\n' })
    expect(old.text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
  })

  test('leaves its port to no second server', async () => {
    const startSecond = async (connectors: string) => {
      const folder = await scope.folder('second')
      const args = ['--addr', `127.0.0.1:${server.agentPort}`, '--data-dir', folder, '--allow-root']
      const api = `127.0.0.1:${await freePort()}`
      const env = { ...process.env, RPORT_SERVER_CONNECTORS: connectors, RPORT_API_ADDRESS: api }
      const second = await run(scope, { name: 'second rportd', command: RPORTD, args, env })
      expect(second.code).toBe(1)
      expect(second.output).toContain(`cannot listen for agents on 127.0.0.1:${server.agentPort}: another program`)
    }
    await Promise.all([startSecond('0'), startSecond('2')])
  })

  test('loses only the agents of a connector that dies, and has them back on the others', async () => {
    const target = await startHoldTarget(scope)
    const tunnels = await Promise.all(machines.map((id) => server.api.openTunnel(id, { remote: target.port })))
    const visits = await Promise.all(tunnels.map(({ port }) => openVisit(port)))
    await Promise.all(visits.map((visitor) => visitor.receives('hold\n')))
    const [victim = 0, other = 0] = connectorsOf(server)
    process.kill(victim, 'SIGKILL')
    await server.program.waitFor(/connector has died/)
    await until('some of the fleet are gone or back', () => server.program.output.includes('client disconnected'))
    await swarm.whenConnected(SWARM)
    for (const id of machines) await connected(server, id)
    const lost = new Set(
      [...server.program.output.matchAll(/client disconnected clientId=(swarm-\d+)/g)].map(([, id]) => id),
    )
    expect(lost.size).toBeGreaterThan(0)
    expect(lost.size).toBeLessThan(SWARM)
    const lostMachines = machines.filter((id) => server.program.output.includes(`client disconnected clientId=${id}`))
    for (const [index, id] of machines.entries()) {
      if (lostMachines.includes(id)) await visits[index]?.closed
      else expect(visits[index]?.isClosed).toBe(false)
      visits[index]?.socket.destroy()
    }
    await until('a new one listens', async () =>
      (await server.api.get('/metrics')).text.includes('rport_connectors_listening 2'),
    )
    expect(connectorsOf(server)).toContain(other)
    expect(connectorsOf(server)).not.toContain(victim)
  })

  test('leaves nothing behind when it is killed, and is there again with its tunnels', async () => {
    const target = await startEchoTarget(scope)
    const local = await freeTunnelPort()
    await server.api.openTunnel(machine, { local, remote: target.port })
    const connectors = connectorsOf(server)
    // The main process alone: nobody tells the others.
    process.kill(server.program.pid, 'SIGKILL')
    await until('the connectors have left', () => !connectors.some(isAlive))
    await server.start()
    await connected(server, machine)
    expect((await visit({ port: local, send: 'again', halfClose: true })).text).toBe('again')
  })

  test('ends as a whole when it is told to', async () => {
    const connectors = connectorsOf(server)
    expect(connectors).toHaveLength(2)
    expect(await server.program.stop()).toEqual({ code: 0, signal: null })
    expect(connectors.some(isAlive)).toBe(false)
    expect(await accepts(server.agentPort)).toBe(false)
    expect(server.program.output).not.toContain('unexpected fault')
    expect(server.program.output).not.toContain('password-of-')
    expect(server.program.output).not.toContain(ADMIN.password)
  })
})

test('wrong passwords are counted together, whichever connector hears them', { timeout: 60_000 }, async () => {
  const scope = createScope()
  try {
    const settings = { server: { connectors: 2, max_failed_login: 4, client_login_wait: 0, ban_time: 60 } }
    const server = await startServer(scope, { settings })
    const status = async () => (await fetch(`http://127.0.0.1:${server.agentPort}/`)).status
    await until('the port for agents is served', async () => (await status()) === 404)
    const address = `127.0.0.1:${server.agentPort}`
    const wrong = { client: { auth: 'test-agents:wrong' } }
    await Promise.all(['1', '2', '3'].map((id) => launchAgent(scope, { id, address, settings: wrong })))
    await server.program.waitFor(/address banned after failed logins/, 40_000)
    expect(await status()).toBe(423)
    expect(server.program.output.match(/agent login failed/g)?.length).toBeLessThanOrEqual(7)
  } finally {
    await scope.close()
  }
})
