import { type IpNetwork, networkContains, parseIp, parseIpNetwork } from '@rport/kit'
import { excerpt, parsePort } from './host-text.ts'
import { MAX_TUNNEL_ALLOWED_ENTRIES } from './limits.ts'

/** One entry of the agent's `tunnel_allowed`: what is undefined matches everything. */
export interface TunnelAllowedRule {
  readonly network: IpNetwork | undefined
  readonly port: number | undefined
}

/** An entry of `tunnel_allowed` that cannot be read; the message is that of the original. */
export class TunnelAllowedError extends Error {
  override readonly name = 'TunnelAllowedError'
  /** Place of the entry in the list, from 0. */
  readonly index: number

  constructor(index: number, message: string) {
    super(message)
    this.index = index
  }
}

/**
 * Reads `IP`, `CIDR`, `IP:port`, `CIDR:port`, `:port` and `port`. IPv6 stands in brackets (`[::1]:22`,
 * `[2001:db8::/32]:443`) or is a network (`2001:db8::/32`).
 * compat: an entry with only a port matches that port of every address.
 * @throws TunnelAllowedError
 */
export function parseTunnelAllowed(list: readonly string[]): TunnelAllowedRule[] {
  if (list.length > MAX_TUNNEL_ALLOWED_ENTRIES) {
    throw new TunnelAllowedError(
      MAX_TUNNEL_ALLOWED_ENTRIES,
      `${list.length} entries are too many: use at most ${MAX_TUNNEL_ALLOWED_ENTRIES}`,
    )
  }
  return list.map((text, index) => {
    const refuse = (message: string) => new TunnelAllowedError(index, message)
    const { host, port } = splitEntry(text, refuse)
    const network = host === '' ? undefined : parseIpNetwork(host)
    if (host !== '' && !network) {
      // A single part that is no address can only be a port.
      if (port !== undefined) throw refuse(`invalid ip range: ${JSON.stringify(excerpt(host))}`)
      return { network: undefined, port: portOf(host, refuse) }
    }
    if (!network && !port) throw refuse(`empty value not allowed: ${JSON.stringify(excerpt(text))}`)
    return { network, port: port ? portOf(port, refuse) : undefined }
  })
}

/**
 * Whether a target may be dialled: without rules every one, else only when **each** of its addresses matches a rule.
 * A target without any address is refused: there is nothing that a rule could have allowed.
 * @param addresses  what the name of the target was resolved to; dial only these
 */
export function isTargetAllowed(
  rules: readonly TunnelAllowedRule[],
  addresses: readonly string[],
  port: number,
): boolean {
  if (rules.length === 0) return true
  const matches = (text: string) => {
    const address = parseIp(text)
    if (!address) return false
    return rules.some(
      (rule) =>
        (rule.port === undefined || rule.port === port) &&
        (rule.network === undefined || networkContains(rule.network, address)),
    )
  }
  return addresses.length > 0 && addresses.every(matches)
}

type Refuse = (message: string) => TunnelAllowedError

/** Host and port text of an entry; the port is undefined when there is no colon, and may be empty. */
function splitEntry(text: string, refuse: Refuse): { host: string; port: string | undefined } {
  const bracketed = /^\[([^[\]]*)\](\/\d{1,3})?(?::(.*))?$/s.exec(text)
  if (bracketed) {
    const host = (bracketed[1] ?? '') + (bracketed[2] ?? '')
    if (!host.includes(':') || !parseIpNetwork(host)) {
      throw refuse(`invalid ip range: ${JSON.stringify(excerpt(host))}`)
    }
    return { host, port: bracketed[3] }
  }
  const parts = text.split(':', 3)
  if (parts.length <= 2) return { host: parts[0] ?? '', port: parts[1] }
  if (text.includes('/') && parseIpNetwork(text)) return { host: text, port: undefined }
  const advice = parseIp(text) ? `: write an IPv6 address in brackets, as in "[${text}]"` : ''
  throw refuse(`invalid value: ${JSON.stringify(excerpt(text))}${advice}`)
}

function portOf(text: string, refuse: Refuse): number {
  const port = parsePort(text)
  if (port === undefined) throw refuse(`invalid port: ${JSON.stringify(excerpt(text))}`)
  return port
}
