import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { TransportError } from '../errors.ts'

/** Addresses of one network interface that a connection can leave from, at most one of each family. */
export interface LocalAddresses {
  readonly ipv4: string | undefined
  readonly ipv6: string | undefined
}

type Interfaces = NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, 'address' | 'family' | 'scopeid'>[]>

/** Link-local addresses reach nothing beyond the cable: fe80::/10. */
const LINK_LOCAL = /^fe[89ab]/i

/**
 * The usable addresses of an interface, as it is now.
 * @throws TransportError(dial-failed) with the original's words; the interface may come back later
 */
export function interfaceAddresses(name: string, interfaces: Interfaces = networkInterfaces()): LocalAddresses {
  const entries = interfaces[name]
  if (!entries) throw missing(`unable to find ${name}: no such network interface, or it is down or has no address`)
  const usable = entries.filter(({ address }) => address !== '0.0.0.0' && address !== '::' && !LINK_LOCAL.test(address))
  const ipv4 = usable.find(({ family }) => family === 'IPv4')?.address
  const ipv6 = usable.find(({ family }) => family === 'IPv6')?.address
  if (ipv4 === undefined && ipv6 === undefined) throw missing(`no address found for ${name}`)
  return { ipv4, ipv6 }
}

const missing = (text: string): TransportError => new TransportError('dial-failed', text)
