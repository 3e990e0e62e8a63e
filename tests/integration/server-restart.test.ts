import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accepts,
  connected,
  createScope,
  freeTunnelPort,
  startAgent,
  startHttpTarget,
  startServer,
  type Target,
  type TestServer,
  until,
  visit,
} from '../harness/index.ts'

const MACHINES = ['one', 'two', 'three']

describe('a server that is restarted', { timeout: 120_000 }, () => {
  const scope = createScope()
  let server: TestServer
  let page: Target
  let staticPort: number
  let apiTunnelPort: number

  beforeAll(async () => {
    page = await startHttpTarget(scope)
    server = await startServer(scope)
    staticPort = await freeTunnelPort()
    await Promise.all(
      MACHINES.map((id) => {
        const remotes = id === 'one' ? [`${staticPort}:127.0.0.1:${page.port}`] : []
        return startAgent(scope, server, { id, settings: { client: { remotes } } })
      }),
    )
    apiTunnelPort = await freeTunnelPort()
    await server.api.openTunnel('two', {
      local: apiTunnelPort,
      remote: page.port,
      'skip-idle-timeout': 1,
      acl: '127.0.0.1',
    })
    await server.api.openTunnel('three', { remote: page.port, 'skip-idle-timeout': 1 })
  })
  afterAll(() => scope.close())

  test('ends on SIGTERM with code 0 and frees every port', async () => {
    const exit = await server.program.stop()
    expect(exit).toEqual({ code: 0, signal: null })
    for (const port of [staticPort, apiTunnelPort, server.agentPort, server.apiPort])
      expect(await accepts(port)).toBe(false)
  })

  test('knows its machines at once and gets them all back with their tunnels', async () => {
    await server.start()
    expect((await server.api.clients()).map((client) => client.id).sort()).toEqual([...MACHINES].sort())
    await Promise.all(MACHINES.map((id) => connected(server, id)))
    await until('tunnels are restored', async () => {
      const counts = (await server.api.clients()).map((client) => client.tunnels.length)
      return counts.every((count) => count === 1)
    })
    const random = (await server.api.client('three'))!.tunnels[0]!
    for (const port of [staticPort, apiTunnelPort, Number(random.lport)]) {
      expect((await visit({ port, send: 'GET / HTTP/1.0\r\n\r\n' })).text).toContain('hello target')
    }
  })

  test('keeps the limits of a restored tunnel', async () => {
    const [tunnel] = (await server.api.client('two'))!.tunnels
    expect(tunnel).toMatchObject({
      lport: String(apiTunnelPort),
      acl: '127.0.0.1',
      owner: 'admin',
      idle_timeout_minutes: 0,
    })
  })
})
