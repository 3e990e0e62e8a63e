import { z } from 'zod'
import { TimeText } from './text/time-text.ts'
import { TunnelView } from './tunnels.ts'

const names = z.array(z.string()).nullable()

/** State of the operating system's updates on a client. */
export const UpdatesStatusView = z
  .object({
    refreshed: TimeText,
    updates_available: z.int(),
    security_updates_available: z.int(),
    update_summaries: z
      .array(
        z.object({
          title: z.string(),
          description: z.string(),
          reboot_required: z.boolean(),
          is_security_update: z.boolean(),
        }),
      )
      .nullable(),
    reboot_pending: z.boolean(),
    error: z.string().optional(),
    hint: z.string().optional(),
  })
  .meta({ id: 'UpdatesStatus' })
export type UpdatesStatusView = z.output<typeof UpdatesStatusView>

/** Addresses under which a client reaches the internet. */
export const ExternalAddressesView = z
  .object({ ipv4: z.string(), ipv6: z.string(), updated_at: TimeText, error: z.string() })
  .meta({ id: 'ExternalAddresses' })
export type ExternalAddressesView = z.output<typeof ExternalAddressesView>

/** A managed machine as it is seen from outside. */
export const ClientView = z
  .object({
    id: z.string(),
    name: z.string(),
    address: z.string().meta({ description: 'Address of the connection, without port.' }),
    hostname: z.string(),
    os: z.string(),
    os_full_name: z.string(),
    os_version: z.string(),
    os_arch: z.string(),
    os_family: z.string(),
    os_kernel: z.string(),
    os_virtualization_system: z.string(),
    os_virtualization_role: z.string(),
    num_cpus: z.int(),
    cpu_family: z.string(),
    cpu_model: z.string(),
    cpu_model_name: z.string(),
    cpu_vendor: z.string(),
    mem_total: z.int().meta({ description: 'Bytes.' }),
    timezone: z.string(),
    client_auth_id: z.string(),
    version: z.string(),
    disconnected_at: TimeText.nullable().meta({ description: 'null while connected.' }),
    last_heartbeat_at: TimeText.nullable(),
    connection_state: z.enum(['connected', 'disconnected']),
    ipv4: names,
    ipv6: names,
    tags: names,
    labels: z.record(z.string(), z.string()).nullable(),
    allowed_user_groups: names,
    tunnels: z.array(TunnelView).meta({ description: 'The last list, too, of a disconnected client.' }),
    updates_status: UpdatesStatusView.nullable(),
    ext_ip_addresses: ExternalAddressesView.nullable(),
    client_configuration: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'Configuration of the agent, secrets masked.' }),
    groups: z.array(z.string()).meta({ description: 'Client groups it belongs to.' }),
  })
  .meta({ id: 'Client' })
export type ClientView = z.output<typeof ClientView>

/** A client of which only some fields were asked for. */
export const PartialClientView = ClientView.partial().meta({ id: 'PartialClient' })
export type PartialClientView = z.output<typeof PartialClientView>
