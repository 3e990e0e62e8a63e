import { apiError } from '@rport/api'
import { errorMessage, type Logger } from '@rport/kit'
import { type PortState, type RemoteRecord, TunnelAclError } from '@rport/protocol'
import type { Connection } from '@rport/transport'
import { AgentError } from '../../agents/ask-agent.ts'
import type { Connections } from '../../agents/connections.ts'
import type { JoinedWrite } from '../../db/index.ts'
import type { OpenTunnels } from './open-tunnels.ts'
import { askPort, isTargetAllowed } from './target-questions.ts'
import { type Tunnel, TunnelNotStarted } from './tunnel.ts'

/** What somebody asks for: a remote, and whether the agent shall see first if anything listens there. */
export interface TunnelRequest {
  readonly remote: RemoteRecord
  readonly checkPort: boolean
}

/** Remembers which tunnels a client has, so that they come back when it does. */
export interface TunnelMemory {
  /** Known to everybody at once; settles when it is on the disk, and `joined` with it. */
  keepTunnels(clientId: string, tunnels: readonly Tunnel[], joined?: JoinedWrite): Promise<void>
  /** What is kept of tunnels of the user `from` belongs to `to` from now on, connected client or not. */
  passOnTunnels(from: string, to: string): Promise<void>
}

export interface TunnelServiceDeps {
  readonly open: OpenTunnels
  readonly connections: Pick<Connections, 'find'>
  readonly memory: TunnelMemory
  /** How long an agent may try to reach a target. */
  readonly checkPortTimeoutMs: number
  readonly log: Logger
}

/**
 * Opens what was asked about. Of two callers that want the same at the same moment one gets it.
 * @param join  what is to be on the disk with this tunnel, or not at all
 * @returns already accepting visitors
 * @throws  client_not_connected, tunnel_exists, tunnel_to_port_exists, local_port_*, no_free_port, tunnel_not_started
 */
export type OpenPrepared = (join?: (tunnel: Tunnel) => JoinedWrite) => Promise<Tunnel>

/** Tunnels on demand. */
export interface TunnelService {
  /** @throws client_not_connected */
  requireConnected(clientId: string): Connection
  /**
   * Asks the agent whether `username` can have a tunnel; nothing is changed.
   * @throws client_not_connected, tunnel_not_allowed_by_client, tunnel_exists, tunnel_to_port_exists,
   *         remote_port_not_open, client_refused, client_did_not_answer
   */
  prepare(username: string, clientId: string, request: TunnelRequest): Promise<OpenPrepared>
  /** Both steps of opening in one. @throws what they throw */
  create(username: string, clientId: string, request: TunnelRequest): Promise<Tunnel>
  /**
   * @param joined  is on the disk with the end of the tunnel, or not at all
   * @throws client_not_connected, tunnel_not_found, tunnel_in_use (unless forced)
   */
  delete(clientId: string, tunnelId: string, options: { force: boolean }, joined?: JoinedWrite): Promise<void>
  /** New visitors are judged by the new ACL. @throws client_not_connected, tunnel_not_found, tunnel_acl_change_invalid */
  changeAcl(clientId: string, tunnelId: string, acl: string | null, joined?: JoinedWrite): Promise<void>
  /** @throws client_not_connected, tunnel_not_found */
  get(clientId: string, tunnelId: string): Tunnel
  /** The open tunnels of all connected clients. */
  list(): readonly Tunnel[]
}

/** The rules of tunnels on demand, on the book of open tunnels. */
export function createTunnelService(deps: TunnelServiceDeps): TunnelService {
  const { open, connections, memory } = deps
  /** Remotes whose tunnel is being opened: they count as existing, or two callers could open the same one. */
  const opening = new Map<string, Set<RemoteRecord>>()

  const requireConnected = (clientId: string): Connection => {
    const connection = connections.find(clientId)
    if (!connection) throw apiError('client_not_connected', { clientId })
    return connection
  }
  const requireTunnel = (clientId: string, tunnelId: string): Tunnel => {
    requireConnected(clientId)
    const tunnel = open.find(clientId, tunnelId)
    if (!tunnel) throw apiError('tunnel_not_found')
    return tunnel
  }
  const remember = (clientId: string, joined?: JoinedWrite) =>
    memory.keepTunnels(clientId, open.listOf(clientId), joined)

  const requireFree = (clientId: string, remote: RemoteRecord) =>
    refuseDuplicate(remote, [...open.listOf(clientId), ...(opening.get(clientId) ?? [])])
  /** Books the remote until `release`. @throws tunnel_exists, tunnel_to_port_exists */
  const book = (clientId: string, remote: RemoteRecord): (() => void) => {
    requireFree(clientId, remote)
    const booked = opening.get(clientId) ?? new Set<RemoteRecord>()
    opening.set(clientId, booked.add(remote))
    return () => {
      booked.delete(remote)
      if (booked.size === 0) opening.delete(clientId)
    }
  }

  const prepare: TunnelService['prepare'] = async (username, clientId, request) => {
    const connection = requireConnected(clientId)
    const remote = { ...request.remote, owner: username }
    const permission = isTargetAllowed(connection, remote)
    const lookAtPort = () => askPort(connection, remote, deps.checkPortTimeoutMs)
    // One of ours looks at no port that it does not allow, and can be asked both at once; others have to be asked first.
    const early = request.checkPort && connection.isOurs ? lookAtPort() : undefined
    // Whoever is refused before hears nothing of it.
    early?.catch(() => undefined)
    const isAllowed = await permission.catch((error) => throwAsApiError(error, clientId))
    if (!isAllowed) throw apiError('tunnel_not_allowed_by_client')
    requireFree(clientId, remote)
    if (request.checkPort) await requireListening(early ?? lookAtPort(), clientId, remote)
    return async (join) => {
      // Somebody else may have been quicker since.
      const release = book(clientId, remote)
      try {
        const tunnel = await open
          .start({ clientId, connection }, remote)
          .catch((error) => throwAsApiError(error, clientId, remote.listenPort))
        await remember(clientId, join?.(tunnel)).catch(async (error) => {
          await open.end(tunnel, 'refused')
          throw error
        })
        return tunnel
      } finally {
        release()
      }
    }
  }

  return {
    requireConnected,
    prepare,
    create: async (username, clientId, request) => (await prepare(username, clientId, request))(),
    async delete(clientId, tunnelId, { force }, joined) {
      const tunnel = requireTunnel(clientId, tunnelId)
      const count = force ? 0 : await open.countVisitors(tunnel)
      if (count > 0) throw apiError('tunnel_in_use', { count })
      await open.end(tunnel, 'deleted')
      await remember(clientId, joined)
    },
    async changeAcl(clientId, tunnelId, acl, joined) {
      const tunnel = requireTunnel(clientId, tunnelId)
      try {
        await open.changeAcl(tunnel, acl)
      } catch (error) {
        if (!(error instanceof TunnelAclError)) throw error
        throw apiError('tunnel_acl_change_invalid', { reason: error.message }, { cause: error })
      }
      await remember(clientId, joined).catch(async (error) => {
        await open.changeAcl(tunnel, tunnel.acl)
        throw error
      })
    },
    get: requireTunnel,
    list: () => open.list().filter((tunnel) => connections.find(tunnel.clientId) !== undefined),
  }
}

/** What follows when a tunnel has ended by itself: it must not come back with the client. */
export const forgetExpired =
  (deps: Pick<TunnelServiceDeps, 'open' | 'memory' | 'connections' | 'log'>) =>
  (tunnel: Tunnel): void => {
    const { clientId } = tunnel
    if (!deps.connections.find(clientId)) return
    deps.memory.keepTunnels(clientId, deps.open.listOf(clientId)).catch((error: unknown) => {
      deps.log.error({ clientId, error: errorMessage(error) }, 'end of a tunnel could not be stored')
    })
  }

const everybody = (acl: string | null): string => acl ?? ''
const overlaps = (left: string, right: string): boolean => left === right || left === 'tcp+udp' || right === 'tcp+udp'

function refuseDuplicate(wanted: RemoteRecord, existing: readonly RemoteRecord[]): void {
  const same = existing.filter(
    (other) =>
      other.targetHost === wanted.targetHost &&
      other.targetPort === wanted.targetPort &&
      everybody(other.acl) === everybody(wanted.acl) &&
      overlaps(other.protocol, wanted.protocol),
  )
  const isIdentical = (other: RemoteRecord) =>
    wanted.listenPort !== undefined &&
    other.listenPort === wanted.listenPort &&
    other.listenHost === wanted.listenHost &&
    other.protocol === wanted.protocol
  if (same.some(isIdentical)) throw apiError('tunnel_exists')
  if (same.length > 0) throw apiError('tunnel_to_port_exists', { port: wanted.targetPort })
}

async function requireListening(answer: Promise<PortState>, clientId: string, remote: RemoteRecord): Promise<void> {
  const state = await answer.catch((error) => throwAsApiError(error, clientId))
  if (!state.open) throw apiError('remote_port_not_open', { port: remote.targetPort }, { detail: state.error })
}

/** Turns what the agent or the listener said into what the caller of the API reads. */
function throwAsApiError(error: unknown, clientId: string, listenPort?: number): never {
  const cause = { cause: error }
  const port = listenPort ?? 0
  if (error instanceof AgentError) {
    if (error.code === 'no-answer') throw apiError('client_did_not_answer', { clientId }, cause)
    throw apiError('client_refused', { reason: error.message }, cause)
  }
  if (!(error instanceof TunnelNotStarted)) throw error
  switch (error.code) {
    case 'in-use':
      throw apiError('local_port_in_use', { port }, cause)
    case 'taken':
      throw apiError('local_port_taken', { port }, cause)
    case 'not-allowed':
      throw apiError('local_port_not_allowed', { port }, cause)
    case 'none-free':
      throw apiError('no_free_port', {}, cause)
    case 'forbidden':
      throw apiError('tunnel_not_allowed_by_credential', {}, cause)
    case 'gone':
      throw apiError('client_not_connected', { clientId }, cause)
    default:
      throw apiError('tunnel_not_started', { reason: error.message.replace('unable to start tunnel: ', '') }, cause)
  }
}
