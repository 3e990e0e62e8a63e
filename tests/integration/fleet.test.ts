import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RemoteSwarm, startSwarm } from '../../bench/fleet/swarm-remote.ts'
import { AGENT_AUTH, connected, createScope, startServer, type TestServer, until } from '../harness/index.ts'

/** Enough to meet every queue; how quick a thousand are is for the bench. */
const AGENTS = 200

describe('a fleet', { timeout: 120_000 }, () => {
  const scope = createScope()
  let server: TestServer
  let swarm: RemoteSwarm
  beforeAll(async () => {
    const settings = { server: { max_concurrent_ssh_handshakes: 1 }, logging: { log_level: 'info' } }
    server = await startServer(scope, { settings })
    const [id = '', password = ''] = AGENT_AUTH.split(':')
    swarm = startSwarm({ url: `ws://127.0.0.1:${server.agentPort}`, auth: { id, password } }, scope)
    await swarm.join(AGENTS, 32)
  }, 120_000)
  afterAll(() => scope.close())

  /** How many clients the API lists as connected. */
  const countConnected = async (): Promise<number> => {
    const { text } = await server.api.get('/api/v1/clients?filter[connection_state]=connected&page[limit]=1')
    return JSON.parse(text).meta.count
  }

  test('is connected, each agent under its own id', async () => {
    expect(await countConnected()).toBe(AGENTS)
    await connected(server, 'swarm-00001')
    await connected(server, `swarm-00${AGENTS}`)
  })

  test('is back as a whole after the server was killed, although one after another is let in', async () => {
    await server.program.kill()
    await server.start()
    await swarm.whenConnected(AGENTS)
    await until('all of them are connected', async () => (await countConnected()) === AGENTS)
    expect(server.program.output).not.toContain('too many')
  })
})
