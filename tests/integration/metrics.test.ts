import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createScope,
  disconnected,
  freePort,
  launchAgent,
  startAgent,
  startEchoTarget,
  startServer,
  type TestServer,
  until,
  visit,
} from '../harness/index.ts'

const scope = createScope()
let server: TestServer
let metricsPort: number
beforeAll(async () => {
  metricsPort = await freePort()
  server = await startServer(scope, {
    settings: { metrics: { address: `127.0.0.1:${metricsPort}`, token: 'scrape-me' } },
  })
})
afterAll(() => scope.close())

const page = (path: string, headers = {}) => fetch(`http://127.0.0.1:${metricsPort}${path}`, { headers })

/** The figures of now, by name with labels. */
async function scrape(): Promise<ReadonlyMap<string, number>> {
  const reply = await page('/metrics', { authorization: 'Bearer scrape-me' })
  const lines = (await reply.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

test('figures follow what happens: an agent, a tunnel, bytes through it, requests, a failed login', async () => {
  const before = await scrape()
  expect(before.get('rport_clients{state="connected"}')).toBe(0)
  const echo = await startEchoTarget(scope)
  const agent = await startAgent(scope, server, { id: 'measured' })
  const { port } = await server.api.openTunnel('measured', { remote: echo.port })
  await visit({ port, send: 'x'.repeat(100_000), halfClose: true })
  await fetch(`http://127.0.0.1:${server.apiPort}/api/v1/status`, {
    headers: { authorization: `Basic ${btoa('nobody:wrong')}` },
  })
  const after = await scrape()
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  expect(after.get('rport_clients{state="connected"}')).toBe(1)
  expect(after.get('rport_tunnels_open')).toBe(1)
  expect(grown('rport_agent_logins_total')).toBe(1)
  expect(grown('rport_agent_link_bytes_total{direction="sent"}')).toBeGreaterThan(100_000)
  expect(grown('rport_agent_link_bytes_total{direction="received"}')).toBeGreaterThan(100_000)
  expect(grown('rport_logins_failed_total{listener="api"}')).toBe(1)
  expect(grown('rport_api_requests_total{method="GET",status="401"}')).toBe(1)
  expect(after.get('process_open_fds')).toBeGreaterThan(10)

  await agent.program.kill()
  await disconnected(server, 'measured')
  const end = await scrape()
  expect(end.get('rport_clients{state="disconnected"}')).toBe(1)
  expect(end.get('rport_agent_link_bytes_total{direction="sent"}')).toBeGreaterThanOrEqual(
    after.get('rport_agent_link_bytes_total{direction="sent"}') ?? 0,
  )
})

test('an agent with a wrong password is counted as refused for its credentials', async () => {
  const name = 'rport_agent_refused_total{reason="credentials"}'
  const before = (await scrape()).get(name) ?? 0
  await launchAgent(scope, {
    id: 'guesser',
    address: `127.0.0.1:${server.agentPort}`,
    settings: { client: { auth: 'test-agents:wrong' } },
  })
  await until('the refusal is counted', async () => ((await scrape()).get(name) ?? 0) > before)
})

test('a server that works says so to everybody, and its figures to nobody without a right', async () => {
  for (const port of [metricsPort, server.apiPort]) {
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).text()).toBe('ready\n')
  }
  expect((await page('/metrics')).status).toBe(401)
  expect((await page('/metrics', { authorization: 'Bearer scrape-m3' })).status).toBe(401)
  expect((await server.api.get('/metrics')).status).toBe(404)
})
