import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accepts,
  createScope,
  freePort,
  freeTunnelPort,
  openVisit,
  run,
  startAgent,
  startDigestTarget,
  startEchoTarget,
  startHoldTarget,
  startHttpTarget,
  startServer,
  startTransferTarget,
  type TestServer,
  transfer,
  until,
  visit,
} from '../harness/index.ts'

const MEGABYTE = 1024 * 1024

describe('tunnels to a machine behind NAT', () => {
  const scope = createScope()
  let server: TestServer
  const machine = 'machine-1'

  beforeAll(async () => {
    server = await startServer(scope)
    await startAgent(scope, server, { id: machine })
  })
  afterAll(() => scope.close())

  test('curl gets the page of a target that only the agent can reach', async () => {
    const target = await startHttpTarget(scope, 'a page behind NAT')
    const { port } = await server.api.openTunnel(machine, { remote: `127.0.0.1:${target.port}`, scheme: 'http' })
    const curl = await run(scope, { name: 'curl', command: 'curl', args: ['-sS', `http://127.0.0.1:${port}/`] })
    expect(curl).toMatchObject({ code: 0, stdout: 'a page behind NAT' })
  })

  test('64 MB up and 64 MB down at the same time arrive without a byte lost or doubled', {
    timeout: 90_000,
  }, async () => {
    const target = await startTransferTarget(scope)
    const { port } = await server.api.openTunnel(machine, { remote: target.port })
    const size = 64 * MEGABYTE
    const result = await transfer({ port, uploadBytes: size, downloadBytes: size, limitMs: 80_000 })
    expect(result).toEqual({ intact: true, downloadedBytes: size })
  })

  test('a visitor who half-closes still gets the whole answer', async () => {
    const target = await startDigestTarget(scope)
    const { port } = await server.api.openTunnel(machine, { remote: target.port })
    const question = Buffer.alloc(3 * MEGABYTE, 'q')
    const answer = await visit({ port, send: question, halfClose: true })
    expect(answer).toEqual({ text: createHash('sha256').update(question).digest('hex') })
  })

  test('200 tunnels at once on one agent each lead to their own target', { timeout: 120_000 }, async () => {
    const echo = await startEchoTarget(scope)
    const count = 200
    // Another ACL each: the same target with the same ACL twice is refused.
    const tunnels = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        server.api.openTunnel(machine, { remote: `127.0.0.1:${echo.port}`, acl: `127.0.0.1,127.1.0.${index}` }),
      ),
    )
    expect(new Set(tunnels.map((tunnel) => tunnel.port)).size).toBe(count)
    const visits = await Promise.all(tunnels.map((tunnel) => openVisit(tunnel.port)))
    await Promise.all(
      visits.map(async (visitor, index) => {
        visitor.socket.write(`visitor ${index}.`)
        await visitor.receives(`visitor ${index}.`)
      }),
    )
    expect(echo.openConnections).toBe(count)
    for (const visitor of visits) visitor.socket.destroy()
    await until('all targets are left', () => echo.openConnections === 0)
    const deleted = await Promise.all(
      tunnels.map((tunnel) => server.api.call('DELETE', `/api/v1/clients/${machine}/tunnels/${tunnel.id}`)),
    )
    expect(new Set(deleted.map((reply) => reply.status))).toEqual(new Set([204]))
    expect(await accepts(tunnels[0]!.port)).toBe(false)
  })

  test('a deleted tunnel frees its port at once, and its visitors are shown out', async () => {
    const target = await startHoldTarget(scope)
    const local = await freeTunnelPort()
    const tunnel = await server.api.openTunnel(machine, { local, remote: target.port })
    const visitor = await openVisit(local)
    await visitor.receives('hold\n')
    const path = `/api/v1/clients/${machine}/tunnels/${tunnel.id}`
    expect((await server.api.call('DELETE', path)).status).toBe(409)
    expect((await server.api.call('DELETE', `${path}?force=true`)).status).toBe(204)
    expect(await accepts(local)).toBe(false)
    await visitor.closed
    await server.api.openTunnel(machine, { local, remote: target.port })
    expect(await accepts(local)).toBe(true)
  })

  test('a port that another program holds is refused with its number', async () => {
    const target = await startHoldTarget(scope)
    const reply = await server.api.call(
      'PUT',
      `/api/v1/clients/${machine}/tunnels?local=${server.apiPort}&remote=${target.port}`,
    )
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(String(server.apiPort))
  })

  test('a visitor whom the ACL does not name is shown out and the target never sees him', async () => {
    const target = await startHoldTarget(scope)
    const { port } = await server.api.openTunnel(machine, { remote: target.port, acl: '192.0.2.0/24', check_port: 0 })
    expect((await visit({ port })).text).toBe('')
    expect(target.connectionCount).toBe(0)
  })

  test('a tunnel that nothing listens behind is refused, and works as soon as something does', async () => {
    const remote = await freePort()
    const refused = await server.api.call('PUT', `/api/v1/clients/${machine}/tunnels?remote=${remote}`)
    expect(refused.status).toBe(400)
    expect(refused.text).toContain(`Port ${remote} is not in listening state.`)
    const { port } = await server.api.openTunnel(machine, { remote, check_port: 0 })
    expect((await visit({ port, send: 'x' })).text).toBe('')
  })
})

test('an agent lets nobody reach what its own configuration does not allow', async () => {
  const scope = createScope()
  try {
    const server = await startServer(scope)
    const [allowed, forbidden] = await Promise.all([startHttpTarget(scope), startHttpTarget(scope)])
    await startAgent(scope, server, {
      id: 'strict',
      settings: { client: { tunnel_allowed: [`127.0.0.1:${allowed.port}`] } },
    })
    const { port } = await server.api.openTunnel('strict', { remote: allowed.port })
    expect((await visit({ port, send: 'GET / HTTP/1.0\r\n\r\n' })).text).toContain('hello target')
    const refused = await server.api.call('PUT', `/api/v1/clients/strict/tunnels?remote=${forbidden.port}`)
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('not allowed by client configuration')
    expect(forbidden.connectionCount).toBe(0)
  } finally {
    await scope.close()
  }
})
