import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  AGENT_AUTH,
  connected,
  createScope,
  describeWithGo,
  type GoPeer,
  launchAgent,
  type Scope,
  startGoAgent,
  startServer,
  type TestServer,
  until,
} from '../harness/index.ts'

/** After this many takeovers within a minute the incumbent stays. */
const TAKEOVERS_A_MINUTE = 3

let scope: Scope
beforeEach(() => {
  scope = createScope()
})
afterEach(() => scope.close())

describeWithGo('machines that share an id', () => {
  const start = (server: TestServer, auth = AGENT_AUTH): GoPeer =>
    startGoAgent(scope, { url: `ws://127.0.0.1:${server.agentPort}`, auth, id: 'shared', keepAlive: '200ms' })

  test('take over from each other three times a minute; then the incumbent stays', { timeout: 90_000 }, async () => {
    const server = await startServer(scope)
    let incumbent = start(server)
    await incumbent.waitFor({ event: 'registered', ok: true })
    for (let takeover = 1; takeover <= TAKEOVERS_A_MINUTE; takeover++) {
      const newcomer = start(server)
      await newcomer.waitFor({ event: 'registered', ok: true })
      await incumbent.waitFor({ event: 'closed' })
      incumbent = newcomer
    }
    const late = start(server)
    const refusal = await late.waitFor({ event: 'registered' })
    expect(refusal).toMatchObject({ ok: false, payloadText: expect.stringMatching(/^client is already connected: /) })
    await late.waitFor({ event: 'closed' })
    expect(incumbent.find({ event: 'closed' })).toEqual([])
    expect((await incumbent.command({ do: 'request', name: 'ping' })).error).toBeUndefined()
    expect((await server.api.client('shared'))?.connection_state).toBe('connected')
  })

  test('the end of an old connection does not touch the state of the newer one', async () => {
    const server = await startServer(scope)
    const session = '11111111-2222-4333-8444-555555555555'
    const options = { url: `ws://127.0.0.1:${server.agentPort}`, auth: AGENT_AUTH, id: 'shared', session }
    const old = startGoAgent(scope, options)
    await old.waitFor({ event: 'registered', ok: true })
    const newer = startGoAgent(scope, options)
    await newer.waitFor({ event: 'registered', ok: true })
    await old.program.kill()
    await newer.command({ do: 'request', name: 'ping' })
    expect((await server.api.client('shared'))?.connection_state).toBe('connected')
    expect(newer.find({ event: 'closed' })).toEqual([])
  })

  test('cannot do so with another credential: the id belongs to who registered it', async () => {
    const authFile = join(await scope.folder('auth'), 'client-auth.json')
    await writeFile(authFile, JSON.stringify({ first: 'first-password', second: 'second-password' }), { mode: 0o600 })
    const server = await startServer(scope, { settings: { server: { auth: undefined, auth_file: authFile } } })
    const owner = start(server, 'first:first-password')
    await owner.waitFor({ event: 'registered', ok: true })
    const thief = start(server, 'second:second-password')
    const refusal = await thief.waitFor({ event: 'registered' })
    expect(refusal.ok).toBe(false)
    expect(refusal.payloadText).toContain('shared')
    await thief.waitFor({ event: 'closed' })
    expect(owner.find({ event: 'closed' })).toEqual([])

    await owner.program.kill()
    const again = start(server, 'second:second-password')
    expect((await again.waitFor({ event: 'registered' })).ok).toBe(false)
  })
})

describe('two of our agents with one id', () => {
  test('both are told; one of them stays', { timeout: 120_000 }, async () => {
    const server = await startServer(scope)
    const address = `127.0.0.1:${server.agentPort}`
    const agents = await Promise.all([0, 1].map(() => launchAgent(scope, { id: 'twin', address })))
    await connected(server, 'twin')
    await until(
      'one of them is refused',
      () => agents.some((agent) => agent.program.output.includes('client is already connected')),
      90_000,
    )
    expect((await server.api.client('twin'))?.connection_state).toBe('connected')
    for (const agent of agents) expect(agent.program.hasExited).toBe(false)
  })
})
