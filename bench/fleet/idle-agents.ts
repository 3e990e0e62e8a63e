import type { Line } from '../line.ts'
import { cpuSecondsOf } from '../processor-time.ts'
import { AGENT_AUTH, startMeasuredServer } from './measured-server.ts'
import { startSwarm } from './swarm-remote.ts'

/** Agents on their way at the same time while their arrival is measured. */
const WIDTH = 16

/** What an idle agent costs the server, and what its arrival does. */
export const idleAgents: Line = {
  name: 'idle-agents',
  title: 'Agents that arrive, and then do nothing: 2,000 of them (the Go original: 400)',
  contenders: ['rport', 'go-rport'],
  rounds: 1,
  figures: [
    { key: 'memory', title: 'memory of the server, each', unit: 'kB', better: 'less', goal: { must: 60, aim: 30 } },
    { key: 'cpu', title: 'processor of the server, each', unit: 'ms', better: 'less', goal: { must: 2, aim: 1 } },
    { key: 'rate', title: `arrivals, ${WIDTH} at a time`, unit: '1/s', better: 'more' },
  ],
  async measure(context) {
    const agents = context.isQuick ? 60 : context.contender === 'go-rport' ? 400 : 2000
    // The first ones warm the server up: code that is compiled once is not the price of an agent.
    const early = agents / 4
    const server = await startMeasuredServer(context)
    const swarm = startSwarm({ url: server.url, auth: AGENT_AUTH }, context.scope)
    await swarm.join(early, WIDTH)
    const before = await server.settledFacts()
    const cpuBefore = cpuSecondsOf([server.pid])
    const startedAt = performance.now()
    await swarm.join(agents - early, WIDTH)
    const wallMs = performance.now() - startedAt
    const cpuAfter = cpuSecondsOf([server.pid])
    const after = await server.settledFacts()
    const more = agents - early
    return {
      memory: (after.memoryBytes - before.memoryBytes) / more / 1000,
      cpu: ((cpuAfter - cpuBefore) / more) * 1000,
      rate: (more / wallMs) * 1000,
    }
  },
}
