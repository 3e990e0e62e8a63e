import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { data } from './reply.ts'

/** What the server says about itself. */
export const ServerStatusView = z
  .object({
    version: z.string(),
    clients_connected: z.int(),
    clients_disconnected: z.int(),
    fingerprint: z.string(),
    connect_url: z.array(z.string()).meta({ description: 'Where agents connect to.' }),
    pairing_url: z.string(),
    clients_auth_source: z.enum(['Static Credentials', 'File', 'DB']),
    clients_auth_mode: z.enum(['Read Only', 'Read Write']),
    users_auth_source: z.enum(['Static Credentials', 'File', 'DB']),
    group_permissions_enabled: z.boolean(),
    two_fa_enabled: z.boolean(),
    two_fa_delivery_method: z.string(),
    auditlog: z.object({ enabled: z.boolean(), rotation: z.string() }),
    auth_header: z.boolean(),
    tunnel_host: z.string(),
    tunnel_proxy_enabled: z.boolean(),
    caddy_integration_enabled: z.boolean(),
    excluded_ports: z.array(z.string()),
    used_ports: z.array(z.string()),
    monitoring_enabled: z.boolean(),
    password_min_length: z.int(),
    warnings: z
      .array(z.string())
      .optional()
      .meta({ description: 'What is wrong at the moment; absent while nothing is.' }),
  })
  .meta({ id: 'ServerStatus' })
export type ServerStatusView = z.output<typeof ServerStatusView>

/** The server itself. */
export const status = resource('Status', {
  get: endpoint({
    method: 'GET',
    path: '/status',
    summary: 'Show the state of the server',
    auth: 'user',
    reply: data(ServerStatusView),
    errors: [],
  }),
})
