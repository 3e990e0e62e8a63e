import { type Clock, errorMessage, type Logger, parseVersion, version as serverVersion } from '@rport/kit'
import { ALREADY_CONNECTED, type ConnectionRequest, type RemoteRecord, RequestRefused } from '@rport/protocol'
import type { Connection } from '@rport/transport'
import type { Connections } from '../../agents/connections.ts'
import type { ClientTunnels, Tunnel } from '../tunnels/index.ts'
import { toClient } from './client.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { Takeovers } from './takeovers.ts'

/** One login of an agent. */
export interface AgentSession {
  readonly connection: Connection
  /** The credential that was proved. */
  readonly clientAuthId: string
  /** Address of the agent, without port. */
  readonly address: string
}

/** How credentials and client ids belong together. */
export interface RegistrationRules {
  /** `auth_multiuse_creds`: several client ids may share one credential. */
  readonly authMultiuseCreds: boolean
  /** `equate_clientauthid_clientid`: with single-use credentials, an agent without an id gets that of its credential. */
  readonly equateClientAuthIdClientId: boolean
}

/** An agent came with the id of a client that belongs to another credential. */
export interface ForeignId {
  readonly clientId: string
  /** The credential that it logged in with. */
  readonly clientAuthId: string
  readonly ownerClientAuthId: string
  readonly address: string
}

export interface RegistrationDeps {
  readonly registry: ClientRegistry
  readonly connections: Connections
  readonly tunnels: ClientTunnels
  readonly takeovers: Takeovers
  /** Whether a credential can still be used to log in: one that was removed owns no ids any more. */
  readonly credentialExists: (clientAuthId: string) => boolean | Promise<boolean>
  readonly rules: RegistrationRules
  /** Told of everybody who was refused an id of somebody else. */
  readonly onForeignId: (attempt: ForeignId) => void
  readonly clock: Clock
  readonly log: Logger
}

/** The id that an agent registers under. `randomId` makes one for an agent that has none. */
export function clientIdOf(
  request: Pick<ConnectionRequest, 'id'>,
  session: Pick<AgentSession, 'clientAuthId'>,
  rules: RegistrationRules,
  randomId: () => string,
): string {
  if (request.id !== '') return request.id
  return !rules.authMultiuseCreds && rules.equateClientAuthIdClientId ? session.clientAuthId : randomId()
}

/**
 * Registers an agent under `clientId`: who may have the id, who has to make way, which tunnels open. Nobody else may be
 * registering under the same id or, with single-use credentials, the same credential meanwhile.
 * @returns the remotes of the reply; null when the agent sent null and nothing came back
 * @throws  RequestRefused with a text for the agent's log; the stored client is as it was then
 */
export async function registerClient(
  deps: RegistrationDeps,
  session: AgentSession,
  clientId: string,
  request: ConnectionRequest,
): Promise<readonly RemoteRecord[] | null> {
  const { tunnels, log } = deps
  await requireOwnId(deps, session, clientId)
  requireOwnCredential(deps, session, clientId)
  tunnels.requireOpenable(request.remotes)
  requireUncontested(deps, session, clientId, request)
  noteVersion(log, clientId, request.version)

  await replaceIncumbent(deps, session, clientId)
  try {
    return await admit(deps, session, clientId, request)
  } catch (error) {
    await tunnels.close(clientId, 'refused')
    await noteAbsence(deps, clientId)
    throw error
  }
}

/** Opens the tunnels and stores the client; from the end of this on everybody can reach it. */
async function admit(
  deps: RegistrationDeps,
  { connection, clientAuthId, address }: AgentSession,
  clientId: string,
  request: ConnectionRequest,
): Promise<readonly RemoteRecord[] | null> {
  const { registry, connections, tunnels, log } = deps
  const previous = registry.find(clientId)
  const { version, remotes: requested } = request
  const returning = { clientId, connection, version, requested, previous: previous?.tunnels ?? [] }
  const opened = await tunnels.establish(returning)
  const client = { ...toClient(request, { id: clientId, clientAuthId, address }, previous), tunnels: opened }
  await registry.announce(client).catch((error: unknown) => {
    log.error({ clientId, error: errorMessage(error) }, 'client could not be stored')
    throw new RequestRefused('the server could not store the client', { cause: error })
  })
  registry.appear(clientId)
  if (connection.isClosed) throw new RequestRefused('the connection was closed')
  connections.set(clientId, connection)
  await requireStillThere(deps, clientId, { connection, clientAuthId })
  log.info({ clientId, name: request.name, address, tunnels: opened.length }, 'client connected')
  return requested === null && opened.length === 0 ? null : opened.map(toRemote)
}

/**
 * A credential that was removed between login and now. Whoever removes one looks for its connections after that, and this
 * looks for the credential after the connection is known: one of the two sees the other.
 */
async function requireStillThere(
  { connections, credentialExists }: RegistrationDeps,
  clientId: string,
  { connection, clientAuthId }: Pick<AgentSession, 'connection' | 'clientAuthId'>,
): Promise<void> {
  if (clientAuthId === '') return
  // A store that cannot be asked has said yes a moment ago.
  const isThere = await Promise.resolve(credentialExists(clientAuthId)).catch(() => true)
  if (isThere) return
  connections.remove(clientId, connection)
  throw new RequestRefused('the client auth id was removed')
}

/** Nobody holds the id now: neither the incumbent, who had to go, nor the newcomer, who could not stay. */
async function noteAbsence({ registry, clock, log }: RegistrationDeps, clientId: string): Promise<void> {
  if (registry.find(clientId)?.disconnectedAt !== undefined) return
  await registry.update(clientId, { disconnectedAt: clock.now() }).catch((error: unknown) => {
    log.error({ clientId, error: errorMessage(error) }, 'end of a connection could not be stored')
  })
}

/** An id belongs to the credential that registered it, until that credential or the client is deleted. */
async function requireOwnId(deps: RegistrationDeps, session: AgentSession, clientId: string): Promise<void> {
  const known = deps.registry.find(clientId)
  if (!known || known.clientAuthId === session.clientAuthId) return
  const facts = { clientId, clientAuthId: session.clientAuthId, address: session.address }
  if (await isInUse(deps, known.clientAuthId)) {
    const attempt = { ...facts, ownerClientAuthId: known.clientAuthId }
    deps.log.warn(attempt, 'client refused: its id belongs to another credential')
    deps.onForeignId(attempt)
    throw new RequestRefused(
      `client id "${clientId}" belongs to another client auth id: log in with that one, use another id, or release or delete the client on the server`,
    )
  }
  deps.log.info(facts, 'client id moves to another credential, its own is gone')
}

async function isInUse({ credentialExists, log }: RegistrationDeps, clientAuthId: string): Promise<boolean> {
  // Of a client that came without credentials, or that was released.
  if (clientAuthId === '') return false
  try {
    return await credentialExists(clientAuthId)
  } catch (error) {
    log.warn({ clientAuthId, error: errorMessage(error) }, 'credentials could not be looked up')
    throw new RequestRefused('the server cannot look up who owns this client id at the moment', { cause: error })
  }
}

/** With single-use credentials one credential serves one client. */
function requireOwnCredential(
  { registry, rules, log }: RegistrationDeps,
  session: AgentSession,
  clientId: string,
): void {
  if (rules.authMultiuseCreds) return
  const { clientAuthId, address } = session
  const other = [...registry.idsOfClientAuth(clientAuthId)].find((id) => id !== clientId)
  if (other === undefined) return
  log.warn({ clientId, clientAuthId, address, otherClientId: other }, 'client refused: its credential is in use')
  throw new RequestRefused(`client auth ID is already in use: "${clientAuthId}"`)
}

/** The newest connection wins, unless two machines push each other out: then the first one stays. */
function requireUncontested(
  { registry, connections, takeovers, log }: RegistrationDeps,
  session: AgentSession,
  clientId: string,
  request: ConnectionRequest,
): void {
  const incumbent = registry.find(clientId)
  const connection = connections.find(clientId)
  if (!incumbent || !connection || connection === session.connection) return
  const isSameProcess = request.sessionId !== '' && request.sessionId === incumbent.sessionId
  if (isSameProcess || takeovers.mayTakeOver(clientId)) return
  const { name, address } = incumbent
  log.warn({ clientId, name, address, otherAddress: session.address }, 'another machine uses the id of this client')
  log.warn(
    { clientId, name: request.name, address: session.address },
    'client refused: its id is in use by another machine',
  )
  throw new RequestRefused(`${ALREADY_CONNECTED} ${name} [${clientId}]`)
}

/** Whoever holds the id is disconnected, and his ports are free before anything is opened. */
async function replaceIncumbent(deps: RegistrationDeps, session: AgentSession, clientId: string): Promise<void> {
  const { connections, tunnels, log } = deps
  const incumbent = connections.find(clientId)
  if (incumbent && incumbent !== session.connection) {
    // First out of the book: its end must not touch the state of the newcomer.
    connections.remove(clientId, incumbent)
    log.info(
      { clientId, address: session.address, oldAddress: incumbent.remoteAddress },
      'connection taken over by a newer one',
    )
    incumbent.close('taken over by a newer connection of the same client')
  }
  await tunnels.close(clientId, 'disconnected')
}

/** A version that is none keeps nobody out; features that depend on it are simply not used. */
function noteVersion(log: Logger, clientId: string, version: string): void {
  if (!parseVersion(version)) log.warn({ clientId, version }, 'agent has a version that cannot be read')
  else if (version !== serverVersion) log.info({ clientId, version, serverVersion }, 'agent has another version')
}

function toRemote({ id: _id, clientId: _clientId, createdAt: _createdAt, ...remote }: Tunnel): RemoteRecord {
  return remote
}
