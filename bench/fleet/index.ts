/**
 * Lines about many agents: what each costs, how they come back, and what the API says of them.
 * Not for the bytes of tunnels (lines/). The agents are those of a swarm: the real link, many in one process.
 * Start at swarm.ts, then idle-agents.ts.
 */
export { clientList, longClientList } from './client-list.ts'
export { idleAgents } from './idle-agents.ts'
export { storm } from './storm.ts'
export { tunnelOpen } from './tunnel-open.ts'
