import type { Line } from '../line.ts'
import { cpuSecondsOf } from '../processor-time.ts'
import { percentile } from '../statistics.ts'
import { AGENT_AUTH, startMeasuredServer } from './measured-server.ts'
import { startSwarm } from './swarm-remote.ts'

const WIDTH = 16
/** Agents begin their back-off anew after a connection that lasted so long; those of a server that has run for a day have. */
const SETTLED_MS = 10_500

/** A server is killed with its fleet connected, and started again at once. */
export const storm: Line = {
  name: 'storm',
  title: 'A server that was killed comes back, and so do its 1,000 agents',
  contenders: ['rport'],
  figures: [
    { key: 'back', title: 'all are back, from the start on', unit: 's', better: 'less', goal: { must: 5, aim: 4 } },
    { key: 'try', title: '99 of 100, from their try on', unit: 's', better: 'less', goal: { must: 2, aim: 1 } },
    { key: 'down', title: 'the API answers again after', unit: 's', better: 'less' },
    { key: 'cpu', title: 'processor of the server, each', unit: 'ms', better: 'less' },
  ],
  async measure(context) {
    const agents = context.isQuick ? 50 : 1000
    const server = await startMeasuredServer(context)
    const swarm = startSwarm({ url: server.url, auth: AGENT_AUTH }, context.scope)
    await swarm.join(agents, WIDTH)
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS))
    await swarm.takeReturns()
    await server.kill()
    const killedAt = performance.now()
    await server.start()
    const upAt = performance.now()
    const startSeconds = cpuSecondsOf([server.pid])
    await swarm.whenConnected(agents)
    const backAt = performance.now()
    const returns = await swarm.takeReturns()
    return {
      back: (backAt - upAt) / 1000,
      try:
        percentile(
          returns.map(({ triedAt, connectedAt }) => connectedAt - triedAt),
          0.99,
        ) / 1000,
      down: (upAt - killedAt) / 1000,
      cpu: ((cpuSecondsOf([server.pid]) - startSeconds) / agents) * 1000,
    }
  },
}
