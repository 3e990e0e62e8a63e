import { version } from '@rport/kit'
import type { JsonObject } from '@rport/protocol'
import {
  type ConnectionRequest,
  features,
  type Inventory,
  newConnection,
  type RemoteRecord,
  RequestFailed,
  readReply,
} from '@rport/protocol'
import type { Connection } from '@rport/transport'
import type { Attributes } from '../features/attributes/index.ts'

export interface RegistrationDeps {
  /** Client id; empty lets the server choose. */
  readonly clientId: () => Promise<string>
  /** Configured name; undefined: the host's when `useHostname`. */
  readonly name: string | undefined
  readonly useHostname: boolean
  readonly sessionId: string
  readonly remotes: readonly RemoteRecord[]
  readonly clientConfiguration: JsonObject
  readonly attributes: Pick<Attributes, 'current'>
  /** Facts of the machine; waits for the first look at it, which is bounded. */
  readonly inventory: () => Promise<Inventory>
}

/** The server may ask us about each tunnel it restores before it answers (trap 10). */
const REPLY_TIMEOUT_MS = 60_000

/** The server does not take this agent; the message is its text. */
export class RegistrationRefused extends Error {
  override readonly name = 'RegistrationRefused'

  /** compat: a server of the original has a connection of this client already, and says so in words only. */
  get isDouble(): boolean {
    return this.message.includes('client is already connected')
  }
}

/**
 * Registers on a connection that is served already.
 * @returns the standing tunnels with their ports, and those that came back
 * @throws  RegistrationRefused; TransportError when no answer comes
 */
export async function register(connection: Connection, deps: RegistrationDeps): Promise<readonly RemoteRecord[]> {
  const inventory = await deps.inventory()
  const { tags, labels } = deps.attributes.current()
  const request: ConnectionRequest = {
    ...inventory,
    id: await deps.clientId(),
    name: deps.name ?? (deps.useHostname ? inventory.hostname : ''),
    sessionId: deps.sessionId,
    version,
    tags,
    labels,
    remotes: deps.remotes.length === 0 ? null : [...deps.remotes],
    clientConfiguration: withAttributes(deps.clientConfiguration, tags, labels),
    features: [features.halfClose, features.zeroMask, features.earlyData],
  }
  const reply = await connection.request(newConnection.name, newConnection.ask.encode(request), {
    timeoutMs: REPLY_TIMEOUT_MS,
  })
  try {
    return readReply(newConnection, { ok: reply.ok, payload: reply.payload.toString('utf8') }) ?? []
  } catch (error) {
    if (error instanceof RequestFailed) throw new RegistrationRefused(error.message || 'the server gave no reason')
    throw error
  }
}

/** compat: tags and labels of the attributes file stand in the reported configuration, too, as if they were configured. */
function withAttributes(
  configuration: JsonObject,
  tags: ConnectionRequest['tags'],
  labels: ConnectionRequest['labels'],
): JsonObject {
  const client = configuration['client']
  if (typeof client !== 'object' || client === null || Array.isArray(client)) return configuration
  return { ...configuration, client: { ...client, tags: tags && [...tags], labels: labels && { ...labels } } }
}
