import { type IpAddress, type IpNetwork, networkContains, parseIp, splitHostPort } from './ip.ts'

/** Proxies in a row that are looked through; a longer chain is somebody's invention. */
const MAX_HOPS = 32

/**
 * The address of whoever sent a request: the peer's, unless the peer is a proxy that we trust. Then the entries of
 * `X-Forwarded-For` are walked from the right, the end that our own proxies wrote, to the nearest one that is no trusted
 * proxy. What stands further left was written by strangers and counts for nothing.
 * @param peer          address of the socket's other end
 * @param forwardedFor  the header, repeated ones joined by commas; undefined when absent
 * @param trusted       proxies whose entries are believed
 * @returns             canonical text; the last believable hop when an entry is no address
 */
export function callerAddress(peer: string, forwardedFor: string | undefined, trusted: readonly IpNetwork[]): string {
  const socket = parseIp(peer)
  if (!socket) return peer
  let nearest = socket
  const entries = forwardedFor === undefined ? [] : forwardedFor.split(',').slice(-MAX_HOPS)
  while (entries.length > 0 && isTrusted(nearest, trusted)) {
    const hop = parseHop((entries.pop() ?? '').trim())
    if (!hop) break
    nearest = hop
  }
  return nearest.text
}

const isTrusted = (address: IpAddress, trusted: readonly IpNetwork[]): boolean =>
  trusted.some((network) => networkContains(network, address))

/** Some proxies add the port, and brackets around IPv6. */
function parseHop(text: string): IpAddress | undefined {
  return parseIp(text) ?? parseIp(text.replace(/^\[(.*)\]$/, '$1')) ?? parseIp(splitHostPort(text)?.host ?? '')
}
