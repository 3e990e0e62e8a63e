import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createScope,
  type Scope,
  startAgent,
  startHttpTarget,
  startServer,
  type TestServer,
  visit,
} from '../harness/index.ts'

let scope: Scope
beforeEach(() => {
  scope = createScope()
})
afterEach(() => scope.close())

const onAgentsPort = (server: TestServer, path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${server.agentPort}/api/v1/sessions${path}`, init)

describe('the API of the first release', () => {
  test('answers on the API port with login: sessions, a tunnel, its end', async () => {
    const server = await startServer(scope)
    const target = await startHttpTarget(scope)
    await startAgent(scope, server, { id: 'machine' })
    expect((await fetch(`${server.api.baseUrl}/api/v1/sessions`)).status).toBe(401)
    const sessions = await server.api.get('/api/v1/sessions')
    expect(sessions.json).toMatchObject([{ id: 'machine', name: 'machine', tunnels: [] }])
    const opened = await server.api.call('PUT', `/api/v1/sessions/machine/tunnels?remote=127.0.0.1:${target.port}`)
    expect(opened.json).toEqual({ success: 1, tunnel_id: '1' })
    const [tunnel] = (await server.api.get('/api/v1/sessions')).json[0].tunnels
    const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    expect((await visit({ port: Number(tunnel.lport), send: request })).text).toContain('200')
    const closed = await server.api.call('DELETE', '/api/v1/sessions/machine/tunnels/1')
    expect([closed.status, closed.json]).toEqual([200, { success: 1 }])
  })

  test('answers on the port for agents only with legacy_api, and never to what a proxy or a browser brings', async () => {
    const plain = await startServer(scope)
    const silent = await onAgentsPort(plain, '')
    expect([silent.status, await silent.text()]).toEqual([404, ''])

    const server = await startServer(scope, { settings: { server: { legacy_api: true } } })
    await startAgent(scope, server, { id: 'machine' })
    const sessions = await onAgentsPort(server, '')
    expect([sessions.status, await sessions.json()]).toMatchObject([200, [{ id: 'machine', remotes: [] }]])
    const opened = await onAgentsPort(server, '/machine/tunnels?remote=22', { method: 'PUT' })
    expect(await opened.json()).toEqual({ success: 1, tunnel_id: '1' })
    expect((await server.api.client('machine'))?.tunnels).toMatchObject([{ owner: 'legacy-api', rport: '22' }])
    for (const headers of [{ 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=::1' }, { origin: 'null' }]) {
      expect((await onAgentsPort(server, '', { headers })).status).toBe(404)
    }
    expect((await fetch(`http://127.0.0.1:${server.agentPort}/api/v1/clients`)).status).toBe(404)
  })
})
