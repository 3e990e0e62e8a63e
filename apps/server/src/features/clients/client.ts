import type { ClientMetadata, ConnectionRequest, Inventory, IpAddresses, UpdatesStatus } from '@rport/protocol'
import type { Tunnel } from '../tunnels/index.ts'

/** A managed machine as server and API know it. Values are replaced, never changed. */
export interface Client extends Inventory {
  readonly id: string
  readonly name: string
  /** Version of its agent. */
  readonly version: string
  readonly tags: readonly string[] | null
  readonly labels: Readonly<Record<string, string>> | null
  /** What the agent reports of its configuration, secrets masked. */
  readonly clientConfiguration: ConnectionRequest['clientConfiguration']
  /** The credential that registered it and owns its id. */
  readonly clientAuthId: string
  /** Address of the last connection, without port. */
  readonly address: string
  /** Of the agent process that is, or was last, connected; empty after a restart of the server. */
  readonly sessionId: string
  /** Undefined while connected. */
  readonly disconnectedAt: number | undefined
  /** Last sign of life that was asked for or given; forgotten by a restart of the server. */
  readonly lastHeartbeatAt: number | undefined
  /** Open now, or at the end of the last connection. */
  readonly tunnels: readonly Tunnel[]
  /** User groups that have access to it; null: never set. */
  readonly allowedUserGroups: readonly string[] | null
  /** Tags and labels that it has to be told when it comes back; null: none. */
  readonly pendingAttributes: ClientMetadata | null
  readonly updatesStatus: UpdatesStatus | null
  readonly ipAddresses: IpAddresses | null
}

/** A client as it registers: new facts from the request, what the server knows beyond them from `previous`. */
export function toClient(
  request: ConnectionRequest,
  connection: { readonly id: string; readonly clientAuthId: string; readonly address: string },
  previous: Client | undefined,
): Client {
  const { remotes: _remotes, features: _features, ...facts } = request
  return {
    ...facts,
    ...connection,
    disconnectedAt: undefined,
    lastHeartbeatAt: previous?.lastHeartbeatAt,
    tunnels: previous?.tunnels ?? [],
    allowedUserGroups: previous?.allowedUserGroups ?? null,
    pendingAttributes: previous?.pendingAttributes ?? null,
    updatesStatus: previous?.updatesStatus ?? null,
    ipAddresses: previous?.ipAddresses ?? null,
  }
}
