import { type IpNetwork, networkContains, parseIp, parseIpNetwork } from '@rport/kit'
import { excerpt } from './host-text.ts'
import { MAX_ACL_ENTRIES } from './limits.ts'

/** The addresses that may use a tunnel. Undefined wherever one is optional: everybody. */
export interface TunnelAcl {
  readonly networks: readonly IpNetwork[]
}

/** A text that is no tunnel ACL; the messages are those of the original. */
export class TunnelAclError extends Error {
  override readonly name = 'TunnelAclError'
}

/**
 * Reads addresses and networks of IPv4 and IPv6 between commas, without blanks.
 * @returns undefined for the empty text and null: everybody
 * @throws  TunnelAclError
 */
export function parseTunnelAcl(text: string | null): TunnelAcl | undefined {
  if (text === null || text === '') return undefined
  const entries = text.split(',', MAX_ACL_ENTRIES + 1)
  if (entries.length > MAX_ACL_ENTRIES) {
    throw new TunnelAclError(`too many entries: use at most ${MAX_ACL_ENTRIES}, or a larger network`)
  }
  return { networks: entries.map(parseEntry) }
}

/** Whether a visitor may pass. An address that cannot be read may not, unless everybody may. */
export function aclAllows(acl: TunnelAcl | undefined, address: string): boolean {
  if (acl === undefined) return true
  const visitor = parseIp(address)
  return visitor !== undefined && acl.networks.some((network) => networkContains(network, visitor))
}

function parseEntry(text: string): IpNetwork {
  const network = parseIpNetwork(text)
  if (!network) {
    const what = text.includes('/') ? 'invalid CIDR address' : 'invalid IP addr'
    throw new TunnelAclError(`${what}: ${excerpt(text)}`)
  }
  const { address, prefixLength } = network
  // Any address with the prefix length 0 covers its whole family, too; the original looked at the address only.
  if (address.bytes.every((byte) => byte === 0) || prefixLength === 0) {
    const shown = prefixLength === 0 && address.bytes.some((byte) => byte !== 0) ? text : address.text
    throw new TunnelAclError(
      `${excerpt(shown)} would allow access to everyone. If that's what you want, do not set the ACL`,
    )
  }
  return network
}
