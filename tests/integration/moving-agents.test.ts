import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  connected,
  createNetwork,
  createScope,
  launchAgent,
  networkMissing,
  type Scope,
  startServer,
  type TestNetwork,
  type TestServer,
  until,
} from '../harness/index.ts'

const MACHINE = 'van'
/** Well below the half minute after which a silent link is given up anyway. */
const NOTICED_WITHIN_MS = 25_000

if (networkMissing) console.warn(`LEFT OUT: machines that move: ${networkMissing}`)

describe.skipIf(networkMissing)('a machine that moves', { timeout: 90_000 }, () => {
  let scope: Scope
  let network: TestNetwork
  let server: TestServer
  beforeEach(async () => {
    scope = createScope()
    network = createNetwork(scope)
    server = await startServer(scope, { agentHost: network.nearAddress })
  })
  afterEach(() => scope.close())

  const launch = (address = network.nearAddress, client: Record<string, string> = {}) =>
    launchAgent(scope, {
      id: MACHINE,
      address: `${address}:${server.agentPort}`,
      prefix: network.onFarMachine,
      settings: { client, connection: { max_retry_interval: '1s' } },
    })
  const addressOf = async () => {
    const reply = await server.api.get(`/api/v1/clients/${MACHINE}`)
    return (reply.json as { data?: { address?: string } }).data?.address ?? ''
  }

  test('from one address to another is back before the old link would have been missed', async () => {
    const { eth0, eth1 } = network.addCable()
    const agent = await launch()
    await connected(server, MACHINE)
    expect(await addressOf()).toBe(eth0)
    network.pullFirstCable()
    await agent.program.waitFor(/addresses of this machine have changed/)
    await until('the machine is back from its new address', async () => (await addressOf()) === eth1, NOTICED_WITHIN_MS)
  })

  test('may be told which cable to use, and waits for one that is not there', async () => {
    const patient = await launch(network.nearAddress, { bind_interface: 'eth1' })
    await patient.program.waitFor(/unable to find eth1/)
    const { eth1 } = network.addCable()
    await connected(server, MACHINE)
    expect(await addressOf()).toBe(eth1)
  })

  test('to where names mean nothing is back as soon as they do', async () => {
    const agent = await launch('rport.test')
    await agent.program.waitFor(/rport\.test.*retrying/s)
    expect(agent.program.output).toMatch(/ENOTFOUND|EAI_AGAIN/)
    network.setNames({ 'rport.test': network.nearAddress })
    await connected(server, MACHINE)
  })
})
