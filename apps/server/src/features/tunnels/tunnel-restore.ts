import { type Clock, errorMessage, type Logger } from '@rport/kit'
import { matchRestored, parseTunnelAcl, type RemoteRecord, RequestRefused, TunnelAclError } from '@rport/protocol'
import { AgentError } from '../../agents/ask-agent.ts'
import type { OpenTunnels } from './open-tunnels.ts'
import type { PortPool } from './port-pool.ts'
import { asksForPermission, isTargetAllowed, QUESTION_TIMEOUT_MS } from './target-questions.ts'
import { type Tunnel, TunnelNotStarted, type TunnelOwner } from './tunnel.ts'
import { requireSupported } from './tunnel-opening.ts'

/** Questions to an agent that are on their way at the same time while its tunnels come back. */
const QUESTIONS_AT_ONCE = 16

/** A client that registers, with what it had and what it wants. */
export interface Returning extends TunnelOwner {
  /** Version of the agent. */
  readonly version: string
  /** Standing remotes of the agent; null: it sent null. */
  readonly requested: readonly RemoteRecord[] | null
  /** Tunnels of the stored client. */
  readonly previous: readonly Tunnel[]
}

export interface TunnelRestoreDeps {
  readonly open: OpenTunnels
  readonly ports: Pick<PortPool, 'allows'>
  readonly clock: Clock
  readonly log: Logger
}

/** The tunnels of a client that registers. */
export interface TunnelRestore {
  /** What can be said against standing remotes without opening one. @throws RequestRefused, for the agent's log */
  requireOpenable(requested: readonly RemoteRecord[] | null): void
  /**
   * Opens the standing remotes and brings back the other tunnels of the client. Nothing of the client may be open.
   * A standing remote that cannot be opened refuses all. A former tunnel that cannot come back is left out and logged: the
   * client is worth more than its tunnel.
   * @returns the open tunnels, standing ones first, in the order in which the agent asked
   * @throws  RequestRefused, and nothing is open
   */
  establish(client: Returning): Promise<readonly Tunnel[]>
}

/** The rules of coming back, on the book of open tunnels. */
export function createTunnelRestore(deps: TunnelRestoreDeps): TunnelRestore {
  const { open, log } = deps

  const startStanding = async (client: Returning, formerPorts: (remote: RemoteRecord) => number | undefined) => {
    for (const remote of client.requested ?? []) {
      await open.start(client, standing(remote), formerPorts(remote)).catch((error) => throwRefusal(error))
    }
  }
  const bringBack = async (client: Returning, former: Tunnel): Promise<void> => {
    const { clientId } = client
    const { listenPort, listenPortRandom } = former
    try {
      await open.start(client, toRemote(former), listenPortRandom ? listenPort : undefined)
    } catch (error) {
      if (client.connection.isClosed) throw new RequestRefused('the connection was closed', { cause: error })
      log.warn(
        { clientId, listenPort, error: errorMessage(error) },
        'tunnel of a returning client could not be reopened',
      )
    }
  }

  return {
    requireOpenable(requested) {
      const seen = new Set<number>()
      for (const remote of requested ?? []) {
        try {
          requireSupported(remote)
          parseTunnelAcl(remote.acl)
        } catch (error) {
          throwRefusal(error)
        }
        const { listenPort } = remote
        if (listenPort === undefined) continue
        if (!deps.ports.allows(listenPort)) {
          throw new RequestRefused(`Local port ${listenPort} is not among allowed ports.`)
        }
        if (seen.has(listenPort)) throw new RequestRefused(`Local port ${listenPort} already in use.`)
        seen.add(listenPort)
      }
    },

    async establish(client) {
      const former = matchRestored(client.previous, client.requested ?? [])
      const wanted = await permitted(client, former, deps)
      try {
        await startStanding(client, portFinder(client.previous.filter((tunnel) => !former.includes(tunnel))))
        // Given ports first, lest a random one takes what another tunnel is known by.
        for (const tunnel of wanted.toSorted(givenPortsFirst)) await bringBack(client, tunnel)
        return open.listOf(client.clientId)
      } catch (error) {
        await open.endAll(client.clientId, 'refused')
        throw error
      }
    },
  }
}

const givenPortsFirst = (left: Tunnel, right: Tunnel): number =>
  Number(left.listenPortRandom) - Number(right.listenPortRandom)

/** A standing remote as it is opened: what only the server may say is not taken from the agent. */
const standing = (remote: RemoteRecord): RemoteRecord => ({ ...remote, owner: '', tunnelUrl: '' })

/** A former tunnel as it is asked for again. */
function toRemote({ id: _id, clientId: _clientId, createdAt: _createdAt, ...remote }: Tunnel): RemoteRecord {
  return { ...remote, listenPort: remote.listenPortRandom ? undefined : remote.listenPort }
}

/** For standing remotes without a port: the one that the same remote had last time. Each is given once. */
function portFinder(former: readonly Tunnel[]): (remote: RemoteRecord) => number | undefined {
  const rest = former.filter((tunnel) => tunnel.listenPortRandom)
  return (remote) => {
    if (remote.listenPort !== undefined) return undefined
    const index = rest.findIndex(
      (tunnel) => tunnel.targetHost === remote.targetHost && tunnel.targetPort === remote.targetPort,
    )
    return index < 0 ? undefined : rest.splice(index, 1)[0]?.listenPort
  }
}

/**
 * The former tunnels that the agent does not refuse. A question without an answer (a resolver that is not up yet, a slow
 * machine) keeps nobody out: the agent has the last word on every channel anyway.
 */
async function permitted(
  client: Returning,
  former: readonly Tunnel[],
  { clock, log }: Pick<TunnelRestoreDeps, 'clock' | 'log'>,
): Promise<readonly Tunnel[]> {
  if (former.length === 0 || !asksForPermission(client.version)) return former
  const { clientId, connection } = client
  const late = new AbortController()
  const deadline = late.signal
  const timer = clock.setTimeout(() => late.abort(new Error('the client takes too long')), QUESTION_TIMEOUT_MS)
  const isWanted = async (tunnel: Tunnel): Promise<boolean> => {
    try {
      if (await isTargetAllowed(connection, tunnel, deadline)) return true
      log.info({ clientId, tunnelId: tunnel.id }, 'tunnel is not allowed by the client any more')
      return false
    } catch (error) {
      if (!(error instanceof AgentError) && !deadline.aborted) throw error
      log.warn({ clientId, tunnelId: tunnel.id, error: errorMessage(error) }, 'client was not asked about a tunnel')
      return true
    }
  }
  try {
    const answers: boolean[] = []
    for (let from = 0; from < former.length; from += QUESTIONS_AT_ONCE) {
      answers.push(...(await Promise.all(former.slice(from, from + QUESTIONS_AT_ONCE).map(isWanted))))
    }
    return former.filter((_, index) => answers[index])
  } finally {
    timer.cancel()
  }
}

function throwRefusal(error: unknown): never {
  if (error instanceof TunnelNotStarted || error instanceof TunnelAclError) {
    throw new RequestRefused(error.message, { cause: error })
  }
  throw error
}
