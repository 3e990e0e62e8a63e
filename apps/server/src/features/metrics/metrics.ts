import { type Clock, version } from '@rport/kit'
import { labelled, renderFamilies, single } from './exposition.ts'
import { createLoopWatch } from './loop-watch.ts'
import { processFamilies } from './process-figures.ts'
import type { RequestTimes } from './request-times.ts'

/** Where the figures are: each part counts for itself, cheaply, and is asked at a scrape. */
export interface MetricsDeps {
  readonly clients: () => { readonly connected: number; readonly disconnected: number }
  readonly tunnels: () => { readonly open: number; readonly visitors: number }
  readonly links: () => Promise<LinkFigures>
  readonly lockouts: Readonly<Record<'api' | 'agents', () => { readonly failedLogins: number; readonly bans: number }>>
  readonly database: () => { readonly waitingWrites: number }
  readonly requests: RequestTimes
  /** Undefined: not known on this system. */
  readonly maxDescriptors: number | undefined
  readonly clock: Clock
}

/** What the listener for agents has counted since the start. */
export interface LinkFigures {
  readonly logins: number
  /** By reason; the reasons are few and fixed. */
  readonly refused: Readonly<Record<string, number>>
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly waitingHandshakes: number
  /** Connector processes that listen; undefined: the server has none. */
  readonly listeningConnectors?: number | undefined
}

export interface Metrics {
  /** Begins to watch the event loop. */
  start(): void
  stop(): void
  /** The page of a scrape. */
  text(): Promise<string>
}

/** Counts nothing itself but the lateness of timers. */
export function createMetrics(deps: MetricsDeps): Metrics {
  const loop = createLoopWatch(deps.clock)

  const clientFamilies = () => {
    const { connected, disconnected } = deps.clients()
    const { open, visitors } = deps.tunnels()
    return [
      labelled('gauge', 'rport_clients', 'Clients that the server knows.', 'state', { connected, disconnected }),
      single('gauge', 'rport_tunnels_open', 'Tunnels that are open.', open),
      single('gauge', 'rport_tunnel_visitors', 'Connections through tunnels that are open.', visitors),
    ]
  }
  const linkFamilies = async () => {
    const { logins, refused, receivedBytes: received, sentBytes: sent, ...now } = await deps.links()
    const bytesHelp = 'Bytes on the connections of agents, as encrypted.'
    const { listeningConnectors } = now
    const connectorsHelp = 'Connector processes that listen for agents.'
    return [
      ...(listeningConnectors === undefined
        ? []
        : [single('gauge', 'rport_connectors_listening', connectorsHelp, listeningConnectors)]),
      single('counter', 'rport_agent_logins_total', 'Logins of agents that succeeded.', logins),
      labelled('counter', 'rport_agent_refused_total', 'Agents and others turned away, by reason.', 'reason', refused),
      single(
        'gauge',
        'rport_agent_handshakes_pending',
        'Agents that wait for or are in their handshake.',
        now.waitingHandshakes,
      ),
      labelled('counter', 'rport_agent_link_bytes_total', bytesHelp, 'direction', { received, sent }),
    ]
  }
  const lockoutFamilies = () => {
    const api = deps.lockouts.api()
    const agents = deps.lockouts.agents()
    const failed = { api: api.failedLogins, agents: agents.failedLogins }
    const bans = { api: api.bans, agents: agents.bans }
    return [
      labelled('counter', 'rport_logins_failed_total', 'Failed logins.', 'listener', failed),
      labelled('counter', 'rport_bans_total', 'Addresses that were banned.', 'listener', bans),
    ]
  }

  return {
    start: loop.start,
    stop: loop.stop,
    async text() {
      const { lastSeconds, maxSeconds } = loop.read()
      const info = {
        name: 'rport_build_info',
        type: 'gauge',
        help: 'The version that runs.',
        samples: [{ labels: { version }, value: 1 }],
      } as const
      return renderFamilies([
        info,
        ...clientFamilies(),
        ...(await linkFamilies()),
        ...lockoutFamilies(),
        ...deps.requests.families(),
        single(
          'gauge',
          'rport_database_writes_waiting',
          'Writes that wait for the disk.',
          deps.database().waitingWrites,
        ),
        single('gauge', 'rport_event_loop_lag_seconds', 'How late the latest timer was.', lastSeconds),
        single(
          'gauge',
          'rport_event_loop_lag_max_seconds',
          'How late the latest timer since the last scrape was.',
          maxSeconds,
        ),
        ...(await processFamilies(deps.maxDescriptors)),
      ])
    },
  }
}
