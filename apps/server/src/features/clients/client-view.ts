import {
  type ClientField,
  type ClientFilterName,
  type ClientView,
  type PartialClientView,
  toTimeText,
  type UpdatesStatusView,
} from '@rport/api'
import type { UpdatesStatus } from '@rport/protocol'
import { toTunnelView } from '../tunnels/index.ts'
import type { Client } from './client.ts'
import { toClientConfigurationView } from './client-configuration-view.ts'

/** Ids of the client groups that a client belongs to, by id. */
export type GroupIdsOf = (client: Client) => readonly string[]

type Getters = { readonly [K in keyof ClientView]: (client: Client, groupIdsOf: GroupIdsOf) => ClientView[K] }

const copy = (list: readonly string[] | null): string[] | null => (list === null ? null : [...list])
const toNullableTime = (at: number | undefined): string | null => (at === undefined ? null : toTimeText(at))

/** What the API shows of a client, field by field, in the order of the original. */
const getters: Getters = {
  id: (client) => client.id,
  name: (client) => client.name,
  address: (client) => client.address,
  hostname: (client) => client.hostname,
  os: (client) => client.os,
  os_full_name: (client) => client.osFullName,
  os_version: (client) => client.osVersion,
  os_arch: (client) => client.osArch,
  os_family: (client) => client.osFamily,
  os_kernel: (client) => client.osKernel,
  os_virtualization_system: (client) => client.osVirtualizationSystem,
  os_virtualization_role: (client) => client.osVirtualizationRole,
  num_cpus: (client) => client.numCpus,
  cpu_family: (client) => client.cpuFamily,
  cpu_model: (client) => client.cpuModel,
  cpu_model_name: (client) => client.cpuModelName,
  cpu_vendor: (client) => client.cpuVendor,
  mem_total: (client) => client.memoryTotalBytes,
  timezone: (client) => client.timezone,
  client_auth_id: (client) => client.clientAuthId,
  version: (client) => client.version,
  disconnected_at: (client) => toNullableTime(client.disconnectedAt),
  last_heartbeat_at: (client) => toNullableTime(client.lastHeartbeatAt),
  connection_state: (client) => (client.disconnectedAt === undefined ? 'connected' : 'disconnected'),
  ipv4: (client) => copy(client.ipv4),
  ipv6: (client) => copy(client.ipv6),
  tags: (client) => copy(client.tags),
  labels: (client) => client.labels && { ...client.labels },
  allowed_user_groups: (client) => copy(client.allowedUserGroups),
  tunnels: (client) => client.tunnels.map(toTunnelView),
  updates_status: (client) => client.updatesStatus && toUpdatesStatusView(client.updatesStatus),
  ext_ip_addresses: ({ ipAddresses: known }) =>
    known && { ipv4: known.ipv4, ipv6: known.ipv6, updated_at: known.updatedAt, error: known.error },
  client_configuration: (client) => client.clientConfiguration && toClientConfigurationView(client.clientConfiguration),
  groups: (client, groupIdsOf) => [...groupIdsOf(client)],
}
const allFields = Object.keys(getters) as (keyof ClientView)[]

/** The key under which a field is answered. compat: external addresses are asked for under another name. */
const keyOf = (field: ClientField): keyof ClientView => (field === 'ip_addresses' ? 'ext_ip_addresses' : field)

/** A client with the wanted fields; undefined: all of them. */
export function toClientView(
  client: Client,
  fields: readonly ClientField[] | undefined,
  groupIdsOf: GroupIdsOf,
): PartialClientView {
  const keys = fields === undefined ? allFields : fields.map(keyOf)
  return Object.fromEntries(keys.map((key) => [key, getters[key](client, groupIdsOf)]))
}

/** What a filter compares; every column of the list's grammar is also a field of the view. */
export const readColumn = (groupIdsOf: GroupIdsOf) => (client: Client, column: string) =>
  getters[column as ClientFilterName](client, groupIdsOf)

const toUpdatesStatusView = (status: UpdatesStatus): UpdatesStatusView => ({
  refreshed: status.refreshedAt,
  updates_available: status.updatesAvailable,
  security_updates_available: status.securityUpdatesAvailable,
  update_summaries:
    status.updateSummaries?.map((summary) => ({
      title: summary.title,
      description: summary.description,
      reboot_required: summary.rebootRequired,
      is_security_update: summary.isSecurityUpdate,
    })) ?? null,
  reboot_pending: status.rebootPending,
  ...(status.error === '' ? {} : { error: status.error }),
  ...(status.hint === '' ? {} : { hint: status.hint }),
})
