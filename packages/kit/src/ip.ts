import ipaddr from 'ipaddr.js'

/** An address in its canonical form: IPv4-mapped IPv6 addresses count as the IPv4 address they carry. */
export interface IpAddress {
  readonly version: 4 | 6
  /** 4 or 16 bytes, network order. */
  readonly bytes: readonly number[]
  /** Canonical text. */
  readonly text: string
}

/** An address with a prefix length. */
export interface IpNetwork {
  readonly address: IpAddress
  readonly prefixLength: number
}

/** Reads an IPv4 (four decimal parts, nothing shorter) or IPv6 address; a zone (`%eth0`) is dropped. */
export function parseIp(text: string): IpAddress | undefined {
  const quick = readDecimalParts(text)
  if (quick) return { version: 4, bytes: quick, text }
  const bare = text.includes(':') ? text.replace(/%[\w.-]{1,32}$/, '') : text
  if (bare.length > 45) return undefined
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) {
    return { version: 4, bytes: ipaddr.IPv4.parse(bare).toByteArray(), text: bare }
  }
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined
  const parsed = ipaddr.IPv6.parse(bare)
  if (parsed.isIPv4MappedAddress()) {
    const mapped = parsed.toIPv4Address()
    return { version: 4, bytes: mapped.toByteArray(), text: mapped.toString() }
  }
  return { version: 6, bytes: parsed.toByteArray(), text: parsed.toRFC5952String() }
}

const DOT = 0x2e
const ZERO = 0x30

/** The usual form of IPv4, without the library's regular expressions: every visitor of a tunnel is judged by it. Undefined for any other. */
function readDecimalParts(text: string): number[] | undefined {
  const parts: number[] = []
  let part = -1
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === DOT && part >= 0 && parts.length < 3) {
      parts.push(part)
      part = -1
      continue
    }
    const digit = code - ZERO
    if (digit < 0 || digit > 9 || part === 0) return undefined
    part = part < 0 ? digit : part * 10 + digit
    if (part > 0xff) return undefined
  }
  if (part < 0 || parts.length !== 3) return undefined
  parts.push(part)
  return parts
}

/** Reads `address/prefix`; a bare address is a network of one. */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const slash = text.indexOf('/')
  const address = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (!address) return undefined
  const bits = address.version === 4 ? 32 : 128
  if (slash < 0) return { address, prefixLength: bits }
  const prefix = text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return undefined
  return { address, prefixLength: Number(prefix) }
}

/** Whether `network` covers `address`. Addresses of another family are never covered. */
export function networkContains(network: IpNetwork, address: IpAddress): boolean {
  if (network.address.version !== address.version) return false
  let bits = network.prefixLength
  const { bytes } = network.address
  for (let index = 0; index < bytes.length && bits > 0; index += 1) {
    const mask = bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff
    if (((bytes[index] ?? 0) & mask) !== ((address.bytes[index] ?? 0) & mask)) return false
    bits -= 8
  }
  return true
}

/**
 * What limits count by: an IPv4 address, or the 64 bits of an IPv6 network, because whoever has one address of it has all.
 * Texts that are no address stand for themselves.
 */
export function addressGroup(address: string): string {
  const ip = parseIp(address)
  if (ip?.version !== 6) return ip?.text ?? address
  return `v6:${ip.bytes.slice(0, 8).join('.')}`
}

/** Joins host and port as Go's net.JoinHostPort does: IPv6 literals get brackets. */
export const joinHostPort = (host: string, port: number | string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Splits `host:port`, `[v6]:port` and `:port` at the port; undefined without a port of digits up to 65535. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  if (!match || Number(match[3]) > 65_535) return undefined
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) }
}
