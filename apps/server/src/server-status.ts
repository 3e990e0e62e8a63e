import type { ServerStatusView } from '@rport/api'
import { version } from '@rport/kit'
import { isTunnelProxyConfigured, type ServerConfig } from './config/index.ts'
import type { ClientRegistry } from './features/clients/index.ts'
import type { ClientAuthDirectory } from './features/clients-auth/index.ts'
import type { UserDirectory } from './features/users/index.ts'

export interface StatusFacts {
  readonly config: ServerConfig
  readonly users: Pick<UserDirectory, 'source' | 'groupPermissionsEnabled' | 'problem'>
  readonly clientAuths: Pick<ClientAuthDirectory, 'source' | 'mode' | 'problem'>
  readonly registry: Pick<ClientRegistry, 'count'>
  readonly fingerprint: string
}

/** What `GET /status` says, gathered from the settings and from who is connected. @see rport API, ServerStatus */
export function toServerStatus(facts: StatusFacts): ServerStatusView {
  const { config } = facts
  const { proxy, ports, host } = config.tunnels
  const { twoFactor, totp } = config.users
  const { connected, disconnected } = facts.registry.count()
  const warnings = [facts.users.problem?.(), facts.clientAuths.problem?.()].filter((text) => text !== undefined)
  return {
    version,
    clients_connected: connected,
    clients_disconnected: disconnected,
    fingerprint: facts.fingerprint,
    connect_url: [...config.agents.urls],
    pairing_url: config.agents.pairingUrl ?? '',
    clients_auth_source: facts.clientAuths.source,
    clients_auth_mode: facts.clientAuths.mode,
    users_auth_source: facts.users.source,
    group_permissions_enabled: facts.users.groupPermissionsEnabled,
    two_fa_enabled: totp.enabled || twoFactor.delivery !== undefined,
    two_fa_delivery_method: totp.enabled
      ? 'totp_authenticator_app'
      : twoFactor.delivery
        ? METHODS[twoFactor.delivery.kind]
        : '',
    auditlog: { enabled: config.audit.enabled, rotation: config.audit.rotation },
    auth_header: config.users.headerLogin !== undefined,
    tunnel_host: host ?? '',
    tunnel_proxy_enabled: isTunnelProxyConfigured(proxy),
    caddy_integration_enabled: config.subdomains !== undefined,
    excluded_ports: [...ports.excludedTexts],
    used_ports: [...ports.usedTexts],
    monitoring_enabled: config.monitoring.enabled,
    password_min_length: config.users.passwordMinLength,
    ...(warnings.length > 0 ? { warnings } : {}),
  }
}

/** compat: the names of the original's four ways to send a code. */
const METHODS = { smtp: 'email', pushover: 'pushover', url: 'url', script: 'script' } as const
