import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  connected,
  createScope,
  launchAgent,
  type Scope,
  startAgent,
  startServer,
  type TestServer,
  until,
} from '../harness/index.ts'

let scope: Scope
beforeEach(() => {
  scope = createScope()
})
afterEach(() => scope.close())

const statusOf = async (server: TestServer) => (await fetch(`http://127.0.0.1:${server.agentPort}/`)).status

describe('an agent with a wrong password', () => {
  test('is banned after the configured number of failures, and let in again when the ban is over', {
    timeout: 90_000,
  }, async () => {
    const server = await startServer(scope, {
      settings: { server: { max_failed_login: 2, ban_time: 5, client_login_wait: 0 } },
    })
    expect(await statusOf(server)).toBe(404)
    const intruder = await launchAgent(scope, {
      id: 'intruder',
      address: `127.0.0.1:${server.agentPort}`,
      settings: { client: { auth: 'test-agents:wrong' } },
    })
    await until('the address is banned', async () => (await statusOf(server)) === 423, 40_000)
    const banned = await fetch(`http://127.0.0.1:${server.agentPort}/`)
    expect(await banned.text()).toContain('Too many bad attempts. Please try later.')
    await intruder.program.stop()
    expect(await server.api.client('intruder')).toBeUndefined()
    await until('the ban is over', async () => (await statusOf(server)) === 404)
    await startAgent(scope, server, { id: 'honest' })
  })

  test('never gets in, says why in its log without the password, and keeps trying', { timeout: 60_000 }, async () => {
    const server = await startServer(scope, { settings: { server: { max_failed_login: 0 } } })
    const agent = await launchAgent(scope, {
      id: 'mistyped',
      address: `127.0.0.1:${server.agentPort}`,
      settings: { client: { auth: 'test-agents:not-the-password' } },
    })
    await agent.program.waitFor(/auth/i)
    expect(agent.program.output).not.toContain('not-the-password')
    expect(server.program.output).not.toContain('not-the-password')
    expect(agent.program.hasExited).toBe(false)
    expect(await server.api.client('mistyped')).toBeUndefined()
    const rows = async () =>
      (await server.api.get('/api/v1/auditlog?filter[application]=client.session')).json.data as object[]
    await until('the audit log has it', async () => (await rows()).length > 0)
    expect(await rows()).toMatchObject([{ action: 'login.failed', affected_id: 'test-agents', remote_ip: '127.0.0.1' }])
  })
})

describe('an agent that expects another server', () => {
  test('does not log in; the one that expects this server does', async () => {
    const server = await startServer(scope)
    const address = `127.0.0.1:${server.agentPort}`
    const suspicious = await launchAgent(scope, {
      id: 'suspicious',
      address,
      settings: { client: { fingerprint: '00:11:22' } },
    })
    await suspicious.program.waitFor(/fingerprint/i)
    await startAgent(scope, server, { id: 'trusting' })
    await connected(server, 'trusting')
    expect(await server.api.client('suspicious')).toBeUndefined()
  })
})

describe('the port of the agents', () => {
  test('answers everything that is no agent with an empty 404', async () => {
    const server = await startServer(scope)
    for (const [path, init] of [
      ['/', {}],
      ['/api/v1/status', {}],
      ['/anything?x=1', { method: 'POST', body: 'hello' }],
      ['/', { headers: { 'sec-websocket-protocol': 'rport-v1' } }],
    ] as const) {
      const reply = await fetch(`http://127.0.0.1:${server.agentPort}${path}`, init)
      expect([reply.status, await reply.text()]).toEqual([404, ''])
    }
  })
})
