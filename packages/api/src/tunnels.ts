import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { data, empty } from './reply.ts'
import { lateText } from './text/query-text.ts'
import { TimeText } from './text/time-text.ts'

const tunnelFields = {
  id: z.string().meta({ description: 'Unique among the tunnels of one client.' }),
  name: z.string(),
  protocol: z.enum(['tcp', 'udp', 'tcp+udp']),
  lhost: z.string().meta({ description: 'Address on the server that the tunnel listens on.' }),
  lport: z.string().meta({ description: 'Port on the server, as a text.' }),
  lport_random: z.boolean().meta({ description: 'The server chose the port.' }),
  owner: z.string().meta({ description: 'User who opened it; empty when the client asked for it.' }),
  rhost: z.string().meta({ description: 'Destination as the client dials it.' }),
  rport: z.string().meta({ description: 'Port of the destination, as a text.' }),
  scheme: z.string().nullable(),
  acl: z.string().nullable().meta({ description: 'Who may connect; null: everybody.' }),
  idle_timeout_minutes: z.int().meta({ description: '0: never closes for being idle.' }),
  auto_close: z.int().meta({ description: 'Nanoseconds after which it closes; 0: never.' }),
  http_proxy: z.boolean(),
  host_header: z.string(),
  auth_user: z.string(),
  auth_password: z.string().meta({ description: 'Masked.' }),
  tunnel_url: z.string(),
  created_at: TimeText,
}

/** A tunnel as it is seen from outside. */
export const TunnelView = z.object(tunnelFields).meta({ id: 'Tunnel' })
export type TunnelView = z.output<typeof TunnelView>

/** A tunnel in the list over all clients. */
export const ClientTunnelView = z.object({ ...tunnelFields, client_id: z.string() }).meta({ id: 'ClientTunnel' })
export type ClientTunnelView = z.output<typeof ClientTunnelView>

/** The longest idle timeout: a week. */
export const MAX_IDLE_TIMEOUT_MINUTES = 10_080

/** Open listeners on the server that lead through a client to a destination. */
export const tunnels = resource('Tunnels', {
  list: endpoint({
    method: 'GET',
    path: '/tunnels',
    summary: 'List the open tunnels of all connected clients',
    auth: 'user',
    permission: 'tunnels',
    reply: data(z.array(ClientTunnelView)),
    errors: [],
  }),

  create: endpoint({
    method: 'PUT',
    path: '/clients/{client_id}/tunnels',
    summary: 'Open a tunnel',
    description:
      'Everything is taken from the query, the body is ignored. The values are checked in a fixed order; the first fault is the answer.',
    auth: 'user',
    permission: 'tunnels',
    clientAccess: true,
    audit: ['client.tunnel', 'create'],
    query: z.object({
      remote: lateText({ description: 'Destination as the client dials it: `PORT` or `HOST:PORT`.' })
        .default('')
        .meta({ 'x-required': true }),
      local: lateText({ description: '`PORT` or `HOST:PORT` on the server; absent: any free port.' }).optional(),
      protocol: lateText({ enum: ['tcp', 'udp', 'tcp+udp'], default: 'tcp' }).optional(),
      name: lateText({}).optional(),
      scheme: lateText({ maxLength: 15 }).optional(),
      acl: lateText({ description: 'Addresses and networks that may connect, joined by commas.' }).optional(),
      check_port: lateText({ description: '`0`: do not ask whether the destination listens.' }).optional(),
      'idle-timeout-minutes': lateText({
        type: 'integer',
        minimum: 0,
        maximum: MAX_IDLE_TIMEOUT_MINUTES,
        default: 5,
      }).optional(),
      'skip-idle-timeout': lateText({ type: 'boolean', default: false }).optional(),
      'auto-close': lateText({ description: 'Duration such as `90s` or `1h30m`, at most `744h`.' }).optional(),
      http_proxy: lateText({ type: 'boolean', default: false }).optional(),
      host_header: lateText({}).optional(),
      auth_user: lateText({}).optional(),
      auth_password: lateText({ format: 'password' }).optional(),
    }),
    reply: data(TunnelView),
    errors: [
      'client_not_connected',
      'tunnel_remote_invalid',
      'tunnel_protocol_unsupported',
      'tunnel_scheme_too_long',
      'tunnel_proxy_disabled',
      'tunnel_proxy_unsupported',
      'tunnel_proxy_invalid',
      'tunnel_proxy_without_scheme',
      'tunnel_proxy_scheme',
      'tunnel_proxy_protocol',
      'tunnel_host_header_without_proxy',
      'tunnel_auth_without_proxy',
      'tunnel_auth_user_missing',
      'tunnel_auth_password_missing',
      'tunnel_idle_conflict',
      'tunnel_idle_invalid',
      'tunnel_idle_out_of_range',
      'tunnel_auto_close_invalid',
      'tunnel_auto_close_negative',
      'tunnel_auto_close_too_long',
      'tunnel_acl_invalid',
      'tunnel_restricted',
      'tunnel_not_allowed_by_client',
      'tunnel_not_allowed_by_credential',
      'tunnel_exists',
      'tunnel_to_port_exists',
      'remote_port_not_open',
      'local_port_in_use',
      'local_port_not_allowed',
      'local_port_invalid',
      'client_refused',
      'local_port_taken',
      'no_free_port',
      'tunnel_not_started',
      'client_did_not_answer',
    ],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/clients/{client_id}/tunnels/{tunnel_id}',
    summary: 'Close a tunnel',
    auth: 'user',
    permission: 'tunnels',
    clientAccess: true,
    audit: ['client.tunnel', 'delete'],
    query: z.object({
      force: lateText({ type: 'boolean', default: false, description: 'Close it even while it is used.' }).optional(),
    }),
    reply: empty(),
    errors: ['tunnel_force_invalid', 'client_not_connected', 'tunnel_not_found', 'tunnel_in_use', 'tunnel_restricted'],
  }),

  changeAcl: endpoint({
    method: 'PUT',
    path: '/clients/{client_id}/tunnels/{tunnel_id}/acl',
    summary: 'Change who may connect to a tunnel',
    auth: 'user',
    permission: 'tunnels',
    clientAccess: true,
    audit: ['client.tunnel', 'update'],
    body: z.object({
      acl: z.string().max(4096).nullable().default(null).meta({ description: 'null: everybody may connect.' }),
    }),
    reply: empty(),
    errors: ['client_not_connected', 'tunnel_not_found', 'tunnel_acl_change_invalid', 'tunnel_restricted'],
  }),
})
