import { createServer } from 'node:net'
import { listen } from '../../tests/harness/ports.ts'
import type { Line, LineContext } from '../line.ts'
import { percentile } from '../statistics.ts'
import { createApiCaller } from './api-caller.ts'
import { AGENT_AUTH, startMeasuredServer } from './measured-server.ts'
import { idOf } from './swarm.ts'
import { startSwarm } from './swarm-remote.ts'

const WIDTH = 16
/** The Go original is asked with fewer: it needs minutes to take 1,000. */
const GO_AGENTS = 300

const goal = { must: 5, aim: 2 }

/** How long `PUT /clients/{id}/tunnels` takes an administrator with a session, the target looked at by the agent first. */
export const tunnelOpen: Line = {
  name: 'tunnel-open',
  title: `Tunnels opened by the API, one after the other (the Go original: ${GO_AGENTS} agents)`,
  contenders: ['rport', 'go-rport'],
  rounds: 1,
  figures: [
    { key: 'alone', title: '1 agent, p50', unit: 'ms', better: 'less', goal },
    { key: 'many', title: '1,000 agents, p50', unit: 'ms', better: 'less', goal },
    { key: 'manyP99', title: '1,000 agents, p99', unit: 'ms', better: 'less' },
  ],
  async measure(context) {
    const server = await startMeasuredServer(context)
    const swarm = startSwarm({ url: server.url, auth: AGENT_AUTH }, context.scope)
    const ask = createApiCaller({ apiUrl: server.apiUrl, token: await server.login() }, context.scope)
    const targetPort = await startTarget(context)
    const openOn = async (agent: number): Promise<number> => {
      const tunnels = `/clients/${idOf(agent)}/tunnels`
      const reply = await ask('PUT', `${tunnels}?remote=127.0.0.1:${targetPort}&acl=127.0.0.1&check_port=1`)
      if (reply.status !== 200) throw new Error(`tunnel not opened: ${reply.status} ${reply.text}`)
      const { data } = JSON.parse(reply.text) as { data: { id: string } }
      await ask('DELETE', `${tunnels}/${data.id}?force=1`)
      return reply.tookMs
    }
    const openSome = async (agents: number): Promise<number[]> => {
      const opens = context.isQuick ? 5 : 300
      const tookMs: number[] = []
      for (let index = 0; index < opens; index += 1) tookMs.push(await openOn(1 + (index % agents)))
      return tookMs
    }
    await swarm.join(1, 1)
    // Code that is compiled once is not the price of a tunnel: without these the first figure is not of the same server as the second.
    await openSome(1)
    const alone = await openSome(1)
    const agents = context.isQuick ? 10 : context.contender === 'go-rport' ? GO_AGENTS : 1000
    await swarm.join(agents - 1, WIDTH)
    const many = await openSome(agents)
    return { alone: percentile(alone, 0.5), many: percentile(many, 0.5), manyP99: percentile(many, 0.99) }
  },
}

async function startTarget({ scope }: LineContext): Promise<number> {
  const target = createServer((socket) => socket.destroy())
  scope.add(() => target.close())
  return listen(target)
}
