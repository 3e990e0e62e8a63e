import { connected, launchAgent } from '../../tests/harness/agent.ts'
import { startServer } from '../../tests/harness/server.ts'
import type { Contender, TunnelOrder } from './contender.ts'

/** What a log line for each connection would cost is not what is compared. */
const QUIET = { logging: { log_level: 'error' } }
const ID = 'bench'

/** A server and an agent, the tunnel opened by the API, as a person would. */
async function open(order: TunnelOrder, commands: { rportd?: string; rport?: string }) {
  const { scope, targetPort, lay, env } = order
  const server = await startServer(scope, {
    settings: QUIET,
    env,
    ...(commands.rportd === undefined ? {} : { command: commands.rportd }),
  })
  const agentPort = await lay(server.agentPort)
  const agent = await launchAgent(scope, {
    id: ID,
    address: `127.0.0.1:${agentPort}`,
    settings: QUIET,
    env,
    ...(commands.rport === undefined ? {} : { command: commands.rport }),
  })
  // Quiet agents do not say that they are connected.
  await connected(server, ID)
  const tunnel = await server.api.openTunnel(ID, { remote: `127.0.0.1:${targetPort}`, acl: '127.0.0.1' })
  return { port: tunnel.port, pids: [server.program.pid, agent.program.pid] }
}

/** Ours: the one that is judged. */
export const rport: Contender = {
  name: 'rport',
  what: 'rportd and rport of this checkout: rportd listens, rport reaches the target',
  isPresent: () => true,
  open: (order) => open(order, {}),
}

/** The first release, from the paths that were given. */
export const goRport: Contender = {
  name: 'go-rport',
  what: 'the Go original: rportd listens, rport reaches the target',
  isPresent: (programs) => programs['go-rport'] !== undefined && programs['go-rportd'] !== undefined,
  open: (order) => {
    const { 'go-rportd': rportd = '', 'go-rport': rport = '' } = order.programs
    return open({ ...order, env: {} }, { rportd, rport })
  },
}
