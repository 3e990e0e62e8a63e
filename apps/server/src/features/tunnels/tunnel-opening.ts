import { errorMessage, parseIp } from '@rport/kit'
import { formatTunnelTarget, parseTunnelAcl, type RemoteRecord } from '@rport/protocol'
import { isAddressInUse, type OpenTunnelListener, type TunnelListener } from '../../visitors/index.ts'
import type { PortPool, PortReservation } from './port-pool.ts'
import { TunnelNotStarted, type TunnelOwner } from './tunnel.ts'

/** The client has left while its tunnel was being opened. */
export const GONE = 'unable to start tunnel: the client has disconnected'
/** Where a listener without a host listens: every address of IPv4, as the original. */
const ANY_HOST = '0.0.0.0'

export interface OpeningDeps {
  readonly ports: PortPool
  /** Listens where the connection of the agent is. */
  readonly openListener: OpenTunnelListener
}

/** A listener of a tunnel on the port that it got. */
export interface OpenedListener {
  readonly host: string
  readonly port: number
  readonly listener: TunnelListener
  /** Ends visitors and listener, then gives the port back. Idempotent, never rejects. */
  close(): Promise<void>
}

/** Whether a tunnel of this kind can be opened at all. @throws TunnelNotStarted */
export function requireSupported(remote: RemoteRecord): void {
  const missing =
    remote.protocol === 'tcp' ? (remote.httpProxy ? 'http_proxy' : undefined) : `protocol ${remote.protocol}`
  if (missing !== undefined) {
    throw new TunnelNotStarted('unsupported', `unable to start tunnel: ${missing} is not supported by this server`)
  }
}

/**
 * Opens the listener of `remote`: on its port, or on any free one when it names none, `preferredPort` first.
 * @throws TunnelNotStarted, TunnelAclError
 */
export async function openTunnelListener(
  deps: OpeningDeps,
  owner: TunnelOwner,
  remote: RemoteRecord,
  preferredPort?: number,
): Promise<OpenedListener> {
  requireSupported(remote)
  // Looked at before any port is touched.
  parseTunnelAcl(remote.acl)
  const open = (host: string) => (reservation: PortReservation) => listenOn(deps, { owner, remote, host, reservation })
  if (remote.listenPort === undefined) return openOnAnyPort(deps.ports, open(ANY_HOST), preferredPort)
  return openOnPort(deps.ports, open(listenHostOf(remote)), remote.listenPort)
}

/** The listener's address. Names are not looked up: a resolver must not decide where a port opens. */
function listenHostOf(remote: RemoteRecord): string {
  const host = remote.listenHost === '' ? ANY_HOST : remote.listenHost
  if (host === 'localhost' || parseIp(host)) return host
  throw new TunnelNotStarted(
    'failed',
    `unable to start tunnel: "${host}" is no address of this server: use an IP address or localhost`,
  )
}

interface Place {
  readonly owner: TunnelOwner
  readonly remote: RemoteRecord
  readonly host: string
  readonly reservation: PortReservation
}

async function listenOn(deps: OpeningDeps, place: Place): Promise<OpenedListener> {
  const { owner, remote, host, reservation } = place
  const { port } = reservation
  const target = formatTunnelTarget({ protocol: 'tcp', host: remote.targetHost, port: remote.targetPort })
  try {
    const way = { clientId: owner.clientId, host, port, target, acl: remote.acl }
    const listener = await deps.openListener(owner.connection, way)
    return { host, port, listener, close: () => listener.close().then(reservation.release) }
  } catch (error) {
    reservation.release()
    if (owner.connection.isClosed) throw new TunnelNotStarted('gone', GONE, { cause: error })
    if (isAddressInUse(error)) throw new TunnelNotStarted('in-use', `Local port ${port} already in use.`)
    throw new TunnelNotStarted('failed', `unable to start tunnel: ${errorMessage(error)}`, { cause: error })
  }
}

type Open = (reservation: PortReservation) => Promise<OpenedListener>

async function openOnPort(ports: PortPool, open: Open, port: number): Promise<OpenedListener> {
  if (!ports.allows(port)) {
    throw new TunnelNotStarted('not-allowed', `Local port ${port} is not among allowed ports.`)
  }
  const reservation = ports.reserve(port)
  if (!reservation) throw new TunnelNotStarted('taken', `Local port ${port} already in use.`)
  return open(reservation)
}

async function openOnAnyPort(ports: PortPool, open: Open, preferredPort?: number): Promise<OpenedListener> {
  for (const reservation of candidates(ports, preferredPort)) {
    try {
      return await open(reservation)
    } catch (error) {
      // Another program has it: the next one, please. Anything else would fail on every port.
      if (!(error instanceof TunnelNotStarted && error.code === 'in-use')) throw error
    }
  }
  throw new TunnelNotStarted('none-free', 'no ports available')
}

function* candidates(ports: PortPool, preferredPort?: number): Generator<PortReservation, void> {
  const preferred = preferredPort !== undefined && ports.allows(preferredPort) && ports.reserve(preferredPort)
  if (preferred) yield preferred
  yield* ports.candidates()
}
