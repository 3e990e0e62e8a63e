import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  connected,
  createNetwork,
  createScope,
  launchAgent,
  networkMissing,
  startServer,
  type TestNetwork,
  type TestServer,
  until,
} from '../harness/index.ts'

/** Well below the half minute after which a silent link is given up anyway. */
const NOTICED_WITHIN_MS = 20_000

if (networkMissing) console.warn(`LEFT OUT: machines that move: ${networkMissing}`)

describe.skipIf(networkMissing)('a machine that moves', { timeout: 90_000 }, () => {
  const scope = createScope()
  let network: TestNetwork
  let server: TestServer
  beforeAll(async () => {
    network = createNetwork(scope)
    server = await startServer(scope, { agentHost: network.nearAddress })
  })
  afterAll(() => scope.close())

  const launch = (id: string, address: string, client: Record<string, string> = {}) =>
    launchAgent(scope, {
      id,
      address: `${address}:${server.agentPort}`,
      prefix: network.onFarMachine,
      settings: { client, connection: { max_retry_interval: '1s' } },
    })
  const addressOf = async (id: string): Promise<string> =>
    (await server.api.get(`/api/v1/clients/${id}`)).json.data?.address ?? ''

  test('to where names mean nothing is back as soon as they do', async () => {
    const agent = await launch('named', 'rport.test')
    await agent.program.waitFor(/rport\.test.*retrying/s)
    expect(agent.program.output).toMatch(/ENOTFOUND|EAI_AGAIN/)
    network.setNames({ 'rport.test': network.nearAddress })
    await connected(server, 'named')
    await agent.program.stop()
  })

  test('from one cable to another is back before its old link would have been missed, or waits for the one it was told to use', async () => {
    const free = await launch('free', network.nearAddress)
    const bound = await launch('bound', network.nearAddress, { bind_interface: 'eth1' })
    await bound.program.waitFor(/unable to find eth1/)
    await connected(server, 'free')
    const { eth0, eth1 } = network.addCable()
    await connected(server, 'bound')
    expect(await addressOf('bound')).toBe(eth1)
    await bound.program.stop()

    expect(await addressOf('free')).toBe(eth0)
    network.pullFirstCable()
    await free.program.waitFor(/addresses of this machine have changed/)
    const isBack = async () => (await addressOf('free')) === eth1
    await until('the machine is back from its new address', isBack, NOTICED_WITHIN_MS)
    await free.program.stop()
  })
})
