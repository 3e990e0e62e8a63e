import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { bare } from './reply.ts'
import { lateText } from './text/query-text.ts'

/** A tunnel as the first release showed it; numbers are texts. */
const LegacyTunnelView = z.object({
  lhost: z.string(),
  lport: z.string(),
  rhost: z.string(),
  rport: z.string(),
  id: z.string().meta({ description: 'Unique among the tunnels of one session.' }),
})

/** A connected client as the first release showed it. */
export const LegacySessionView = z
  .object({
    id: z.string().meta({ description: 'Id of the client.' }),
    name: z.string(),
    os: z.string(),
    hostname: z.string(),
    ipv4: z.array(z.string()),
    ipv6: z.array(z.string()),
    tags: z.array(z.string()),
    version: z.string(),
    address: z.string().meta({ description: 'Address of the connection, without port.' }),
    tunnels: z.array(LegacyTunnelView),
    remotes: z.array(LegacyTunnelView.omit({ id: true })).meta({ description: 'The tunnels under their first name.' }),
  })
  .meta({ id: 'LegacySession' })
export type LegacySessionView = z.output<typeof LegacySessionView>

const Success = z.object({ success: z.literal(1) }).meta({ id: 'LegacySuccess' })
const TunnelOpened = Success.extend({ tunnel_id: z.string() }).meta({ id: 'LegacyTunnelOpened' })

/** compat: the calls of the first release (July 2020), in their words. Whoever writes something new uses clients and tunnels. */
export const legacySessions = resource('First release', {
  list: endpoint({
    method: 'GET',
    path: '/sessions',
    summary: 'List the connected clients as the first release did',
    description: 'Today: `GET /clients`.',
    auth: 'user',
    reply: bare(z.array(LegacySessionView)),
    errors: [],
  }),

  openTunnel: endpoint({
    method: 'PUT',
    path: '/sessions/{client_id}/tunnels',
    summary: 'Open a tunnel as the first release did',
    description:
      'Today: `PUT /clients/{client_id}/tunnels`. The tunnel has no idle timeout, and whether its destination listens is not asked.',
    auth: 'user',
    permission: 'tunnels',
    clientAccess: true,
    audit: ['client.tunnel', 'create'],
    query: z.object({
      local: lateText({ description: '`PORT` or `HOST:PORT` on the server; absent: any free port.' }).optional(),
      remote: lateText({ description: 'Destination as the client dials it: `PORT` or `HOST:PORT`.' })
        .default('')
        .meta({ 'x-required': true }),
    }),
    reply: bare(TunnelOpened),
    errors: [
      'client_not_connected',
      'tunnel_remote_invalid',
      'tunnel_protocol_unsupported',
      'tunnel_not_allowed_by_client',
      'tunnel_not_allowed_by_credential',
      'tunnel_restricted',
      'tunnel_exists',
      'tunnel_to_port_exists',
      'local_port_in_use',
      'local_port_not_allowed',
      'local_port_invalid',
      'local_port_taken',
      'no_free_port',
      'tunnel_not_started',
      'client_refused',
      'client_did_not_answer',
    ],
  }),

  closeTunnel: endpoint({
    method: 'DELETE',
    path: '/sessions/{client_id}/tunnels/{tunnel_id}',
    summary: 'Close a tunnel as the first release did',
    description: 'Today: `DELETE /clients/{client_id}/tunnels/{tunnel_id}`. It is closed even while somebody uses it.',
    auth: 'user',
    permission: 'tunnels',
    clientAccess: true,
    audit: ['client.tunnel', 'delete'],
    reply: bare(Success),
    errors: ['client_not_connected', 'tunnel_not_found', 'tunnel_restricted'],
  }),
})
