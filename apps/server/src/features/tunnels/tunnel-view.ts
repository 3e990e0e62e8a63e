import { type ClientTunnelView, type TunnelView, toTimeText } from '@rport/api'
import { MS_PER_MINUTE, mask, NS_PER_MS } from '@rport/kit'
import type { Tunnel } from './tunnel.ts'

/** A tunnel as the API shows it: ports as texts, `auto_close` in nanoseconds, the password masked. */
export const toTunnelView = (tunnel: Tunnel): TunnelView => ({
  id: tunnel.id,
  name: tunnel.name,
  protocol: tunnel.protocol,
  lhost: tunnel.listenHost,
  lport: String(tunnel.listenPort),
  lport_random: tunnel.listenPortRandom,
  owner: tunnel.owner,
  rhost: tunnel.targetHost,
  rport: String(tunnel.targetPort),
  scheme: tunnel.scheme,
  acl: tunnel.acl,
  idle_timeout_minutes: Math.round(tunnel.idleTimeoutMs / MS_PER_MINUTE),
  auto_close: Math.round(tunnel.autoCloseMs * NS_PER_MS),
  http_proxy: tunnel.httpProxy,
  host_header: tunnel.hostHeader,
  auth_user: tunnel.authUser,
  auth_password: mask(tunnel.authPassword),
  tunnel_url: tunnel.tunnelUrl,
  created_at: toTimeText(tunnel.createdAt),
})

/** A tunnel in the list over all clients. */
export const toClientTunnelView = (tunnel: Tunnel): ClientTunnelView => ({
  ...toTunnelView(tunnel),
  client_id: tunnel.clientId,
})
