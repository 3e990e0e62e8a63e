import type { Socket } from 'node:net'
import {
  addressGroup,
  type Clock,
  type IpNetwork,
  type Logger,
  MS_PER_MINUTE,
  networkContains,
  parseIp,
} from '@rport/kit'

/** The other end of a socket, encrypted or not: two objects of the same connection are told apart from others by it. */
type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>

/** Counts, by address, the connections of those who have not logged in. */
export interface Newcomers {
  /**
   * Counts a socket that was just accepted until it is `known` or closed; those of trusted proxies are not counted.
   * @returns false when its address has too many: the caller destroys it
   */
  arrived(socket: Socket): boolean
  /**
   * Counts a connection that another process has accepted; those of trusted proxies are not counted.
   * @returns what ends it, idempotent; undefined: its address has too many
   */
  arrivedFrom(address: string): (() => void) | undefined
  /** Whoever is at the other end has logged in. */
  known(peer: Peer): void
  /** Counts somebody whose address a trusted proxy told. @returns what ends it, idempotent; undefined: too many */
  admit(address: string): (() => void) | undefined
}

export interface NewcomersOptions {
  /** For one IPv4 address or one IPv6 network of 64 bits; 0 = no limit. */
  readonly maxPerAddress: number
  /** So many more may come from an address: those that are expected there. */
  readonly expectedFrom?: (address: string) => number
  readonly trustedProxies: readonly IpNetwork[]
  readonly clock: Clock
  readonly log: Logger
}

/** One line in this time, however many are turned away. */
const LOG_PERIOD_MS = MS_PER_MINUTE

/** Remembers living connections only, so it needs no limit of its own. */
export function createNewcomers(options: NewcomersOptions): Newcomers {
  const { maxPerAddress, trustedProxies, clock, log } = options
  const counts = new Map<string, number>()
  const releases = new Map<string, () => void>()
  let silentUntil = Number.NEGATIVE_INFINITY

  const admit = (address: string): (() => void) | undefined => {
    const group = addressGroup(address)
    const count = counts.get(group) ?? 0
    const isMany = maxPerAddress > 0 && count >= maxPerAddress
    if (isMany && count >= maxPerAddress + (options.expectedFrom?.(address) ?? 0)) {
      if (clock.monotonic() >= silentUntil) {
        silentUntil = clock.monotonic() + LOG_PERIOD_MS
        log.warn(
          { address, limit: maxPerAddress },
          'too many connections without login from one address, refusing more',
        )
      }
      return undefined
    }
    counts.set(group, count + 1)
    let isCounted = true
    return () => {
      if (!isCounted) return
      isCounted = false
      const left = (counts.get(group) ?? 1) - 1
      if (left > 0) counts.set(group, left)
      else counts.delete(group)
    }
  }

  const arrivedFrom = (address: string): (() => void) | undefined => {
    const ip = parseIp(address)
    if (!ip || trustedProxies.some((network) => networkContains(network, ip))) return uncounted
    return admit(ip.text)
  }

  return {
    admit,
    arrivedFrom,
    arrived(socket) {
      const release = arrivedFrom(socket.remoteAddress ?? '')
      if (release === uncounted) return true
      if (!release) return false
      const key = keyOf(socket)
      releases.set(key, release)
      socket.once('close', () => {
        release()
        if (releases.get(key) === release) releases.delete(key)
      })
      return true
    },
    known(peer) {
      const key = keyOf(peer)
      releases.get(key)?.()
      releases.delete(key)
    },
  }
}

const uncounted = () => undefined

const keyOf = ({ remoteAddress, remotePort }: Peer): string => `${remoteAddress}|${remotePort}`
