import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLogger, systemClock } from '@rport/kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentTrail } from '../../http/index.ts'
import { startEchoTarget, visit } from '../../testing/tcp-target.ts'
import { connectTestAgent } from '../../testing/test-agent.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'
import { createLocalDoor, isFromHere } from './local-door.ts'

let server: TestServer
let echoPort: number
const cleanups: (() => unknown)[] = []
beforeAll(async () => {
  server = await startTestServer()
  cleanups.push(() => server.close())
  const echo = await startEchoTarget()
  echoPort = echo.port
  cleanups.push(() => echo.close())
  await connectTestAgent(server.clients, {
    request: { id: 'alpha', name: 'Alpha', hostname: 'vm', tags: ['linux'], ipv4: ['192.0.2.2'] },
    allows: (target) => !target.startsWith('forbidden'),
  })
  const away = await connectTestAgent(server.clients, { request: { id: 'away' } })
  await away.leave()
})
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
})

describe('sessions of the first release', () => {
  test('are the connected clients, in its shape and without an envelope', async () => {
    const { status, body } = await server.ask('GET', '/sessions')
    expect(status).toBe(200)
    expect(body).toMatchObject([
      { id: 'alpha', name: 'Alpha', hostname: 'vm', tags: ['linux'], ipv4: ['192.0.2.2'], tunnels: [], remotes: [] },
    ])
  })

  test('have tunnels, which are opened, carry bytes, are listed and closed', async () => {
    const opened = await server.ask('PUT', `/sessions/alpha/tunnels?remote=127.0.0.1:${echoPort}`)
    expect(opened).toEqual({ status: 200, body: { success: 1, tunnel_id: expect.stringMatching(/^\d+$/) } })
    const { tunnel_id: id } = opened.body as { tunnel_id: string }
    const [session] = (await server.ask('GET', '/sessions')).body as { tunnels: { lport: string }[] }[]
    const end = { lhost: '0.0.0.0', lport: expect.any(String), rhost: '127.0.0.1', rport: String(echoPort) }
    expect(session).toMatchObject({ tunnels: [{ ...end, id }], remotes: [end] })
    const visitor = await visit(Number(session?.tunnels[0]?.lport))
    visitor.socket.write('hello')
    await visitor.received('hello')
    expect(server.tunnels.service.list()).toMatchObject([{ owner: 'admin', idleTimeoutMs: 0 }])
    expect(await server.ask('DELETE', `/sessions/alpha/tunnels/${id}`)).toEqual({ status: 200, body: { success: 1 } })
    expect((await server.ask('DELETE', `/sessions/alpha/tunnels/${id}`)).status).toBe(404)
  })

  test.each([
    ['PUT', '/sessions/nobody/tunnels?remote=22', 404],
    ['PUT', '/sessions/away/tunnels?remote=22', 404],
    ['PUT', '/sessions/alpha/tunnels', 400],
    ['PUT', '/sessions/alpha/tunnels?remote=99999', 400],
    ['PUT', '/sessions/alpha/tunnels?remote=forbidden:22', 400],
    ['PUT', '/sessions/alpha/tunnels?local=1&remote=22', 400],
    ['DELETE', '/sessions/alpha/tunnels/none', 404],
  ] as const)('%s %s: %s', async (method, path, status) => {
    expect((await server.ask(method, path)).status).toBe(status)
  })

  test('show and give a user only what he has access to', async () => {
    expect((await server.ask('GET', '/sessions', { user: 'limited' })).body).toEqual([])
    expect((await server.ask('PUT', '/sessions/alpha/tunnels?remote=22', { user: 'limited' })).status).toBe(403)
  })
})

describe('the door without login', () => {
  test('answers sessions to a program on this machine, and leaves everything else alone', async () => {
    const door = createLocalDoor({
      registry: server.registry,
      tunnelRoutes: server.tunnels.routes,
      audit: silentTrail,
      maxRequestBytes: 10_240,
      clock: systemClock,
      log: silentLogger,
    })
    const listener = createServer((request, response) => {
      if (!door.answer(request, response)) response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => door.close())
    cleanups.push(() => listener.close())
    const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
      new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const { port } = listener.address() as AddressInfo
        const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (reply) => {
          let text = ''
          reply.on('data', (chunk) => {
            text += String(chunk)
          })
          reply.on('end', () => resolve({ status: reply.statusCode, text }))
        })
        sent.on('error', reject)
        sent.end()
      })
    const sessions = await ask('GET', '/api/v1/sessions')
    expect([sessions.status, JSON.parse(sessions.text)]).toMatchObject([200, [{ id: 'alpha' }]])
    const opened = await ask('PUT', `/api/v1/sessions/alpha/tunnels?remote=${echoPort}`)
    expect(opened.status).toBe(200)
    expect(server.tunnels.service.list()).toMatchObject([{ owner: 'legacy-api' }])
    const { tunnel_id: id } = JSON.parse(opened.text) as { tunnel_id: string }
    expect((await ask('DELETE', `/api/v1/sessions/alpha/tunnels/${id}`)).status).toBe(200)
    for (const [path, headers] of [
      ['/api/v1/clients', {}],
      ['/api/v1/sessionsx', {}],
      ['/', {}],
      ['/api/v1/sessions', { 'x-forwarded-for': '127.0.0.1' }],
      ['/api/v1/sessions', { host: 'rport.example.com' }],
      ['/api/v1/sessions', { origin: 'http://localhost' }],
    ] as const) {
      expect(await ask('GET', path, headers)).toEqual({ status: 404, text: '' })
    }
  })

  test.each<[string, Record<string, string>, boolean]>([
    ['127.0.0.1', { host: '127.0.0.1:8080' }, true],
    ['127.0.0.9', { host: 'localhost:8080' }, true],
    ['::1', { host: '[::1]:8080' }, true],
    ['::ffff:127.0.0.1', { host: 'localhost' }, true],
    ['192.0.2.7', { host: 'localhost' }, false],
    ['192.0.2.7', { host: '127.0.0.1' }, false],
    ['127.0.0.1', {}, false],
    ['127.0.0.1', { host: 'localhost.example.com' }, false],
    ['127.0.0.1', { host: '127.0.0.1.example.com' }, false],
    ['127.0.0.1', { host: 'localhost', forwarded: 'for=127.0.0.1' }, false],
    ['127.0.0.1', { host: 'localhost', 'x-real-ip': '127.0.0.1' }, false],
    ['127.0.0.1', { host: 'localhost', via: '1.1 proxy' }, false],
    ['127.0.0.1', { host: 'localhost', 'sec-fetch-site': 'cross-site' }, false],
    ['', { host: 'localhost' }, false],
  ])('from %j with %j: %s', (remoteAddress, headers, expected) => {
    const request = { headers, socket: { remoteAddress } } as unknown as IncomingMessage
    expect(isFromHere(request)).toBe(expected)
  })
})
