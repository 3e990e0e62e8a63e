import { joinHostPort } from '@rport/kit'
import { DecodeError } from './go-json.ts'
import { type HostPort, parseHostPort } from './host-port.ts'
import { excerpt } from './host-text.ts'

/** Type of the channels that carry tunnels; opened by the server. */
export const TUNNEL_CHANNEL = 'rport'
/** The text with which an agent refuses a channel that its `tunnel_allowed` does not cover. */
export const TUNNEL_NOT_ALLOWED = 'not allowed with "tunnel_allowed" config'

/** Where a channel leads: one TCP connection, or the datagrams of one UDP tunnel. */
export interface TunnelTarget extends HostPort {
  readonly protocol: 'tcp' | 'udp'
}

/** The open message's data: `host:port`, `/udp` behind it for datagrams. Raw, without a length before it. */
export const formatTunnelTarget = (target: TunnelTarget): string =>
  `${joinHostPort(target.host, target.port)}${target.protocol === 'udp' ? '/udp' : ''}`

/**
 * Reads `host:port`, `host:port/tcp` or `host:port/udp`.
 * compat: the original confirms channels of another protocol and closes them; we refuse to open them.
 * @throws DecodeError
 */
export function parseTunnelTarget(text: string): TunnelTarget {
  const slash = text.indexOf('/')
  const protocol = slash < 0 ? 'tcp' : text.slice(slash + 1)
  const address = parseHostPort(slash < 0 ? text : text.slice(0, slash))
  if (!address || (protocol !== 'tcp' && protocol !== 'udp')) {
    throw new DecodeError('target', JSON.stringify(excerpt(text)), 'host:port, host:port/tcp or host:port/udp')
  }
  return { ...address, protocol }
}
