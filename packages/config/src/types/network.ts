import { type IpNetwork, joinHostPort, parseIp, parseIpNetwork, splitHostPort } from '@rport/kit'
import { type OptionType, ValueError } from '../option-type.ts'
import { listOf } from './lists.ts'
import { parsedText } from './texts.ts'

/** Host and port; IPv6 without its brackets, an empty host where the text had none. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/**
 * `host:port`, `[2001:db8::1]:port` or `:port`.
 * @param example  what the advice shows
 */
export const hostPort = (example: string): OptionType<HostPort> =>
  parsedText({
    name: 'host:port',
    placeholder: 'HOST:PORT',
    advice: `write host and port such as "${example}"; an IPv6 address stands in brackets`,
    parse: parseHostPort,
    format: ({ host, port }) => joinHostPort(host, port),
  })

/** Addresses and networks, IPv4 and IPv6. */
export const networks = (): OptionType<readonly IpNetwork[]> =>
  listOf({
    name: 'list of addresses and networks',
    placeholder: 'NETWORKS',
    advice: 'write addresses and networks such as ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32"]',
    parse: (item) => {
      const network = parseIpNetwork(item.trim())
      if (!network) throw new ValueError(`has an entry that is neither an address nor a network: ${shorten(item)}`)
      return network
    },
    format: ({ address, prefixLength }) =>
      prefixLength === address.bytes.length * 8 ? address.text : `${address.text}/${prefixLength}`,
  })

function parseHostPort(given: string): HostPort {
  const parts = splitHostPort(given.trim())
  if (!parts) {
    if (/^\d{1,5}$/.test(given)) throw new ValueError('is only a port', `write ":${given}" for all addresses`)
    if (parseIp(given)) throw new ValueError('has no port')
    throw new ValueError('is not of the form host:port')
  }
  const { host } = parts
  if (host.includes(':') || given.includes('[') ? !parseIp(host) : !/^[\w.-]{0,253}$/.test(host)) {
    throw new ValueError('has a host that is neither a name nor an address')
  }
  return parts
}

const shorten = (item: string): string => JSON.stringify(item.slice(0, 60))
