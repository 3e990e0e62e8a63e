import { type KeepAlive, type KeepAlivePolicy, OWN_PEER_KEEP_ALIVE } from '@rport/transport'
import type { ArrivedAgent } from './agent-greeting.ts'

export interface LinkWatchDeps {
  readonly keepAlive: Pick<KeepAlive, 'watch'>
  /** `check_clients_connection_interval` and `_timeout`, in milliseconds: for agents of the original. */
  readonly checkIntervalMs: number
  readonly checkTimeoutMs: number
  /** The agent has answered. */
  readonly onAlive: (agent: ArrivedAgent) => void
}

/** Our own agents ping every 15 s; we ask when one is late, so that a dead link is found within half a minute. */
const OWN_AGENT: KeepAlivePolicy = { ...OWN_PEER_KEEP_ALIVE, onlyWhenSilent: true }

/** Finds links on which nobody answers any more, and ends them. */
export function createLinkWatch(deps: LinkWatchDeps): (agent: ArrivedAgent, isOurs: boolean) => void {
  const fieldAgent: KeepAlivePolicy = {
    intervalMs: deps.checkIntervalMs,
    onlyWhenSilent: true,
    timeoutMs: deps.checkTimeoutMs,
    tries: 1,
  }
  return (agent, isOurs) => {
    // Probes of our own agents are no heartbeats: those they send as often as was configured.
    if (isOurs) deps.keepAlive.watch(agent.connection, OWN_AGENT)
    else deps.keepAlive.watch(agent.connection, fieldAgent, () => deps.onAlive(agent))
  }
}
