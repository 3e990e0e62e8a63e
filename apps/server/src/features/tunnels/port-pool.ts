import { hasPort, type PortRanges, portsFromRandom } from '@rport/protocol'

/** Which ports tunnels may listen on. */
export interface PortPolicy {
  /** Ports that the server may pick. */
  readonly random: PortRanges
  /** Ports that somebody may ask for by number. */
  readonly fixed: PortRanges
}

/** A port that nobody else of this process gets until `release`, which is idempotent. */
export interface PortReservation {
  readonly port: number
  release(): void
}

/** Who of this process uses which port of the policy. Whether another program has it, only listening can tell. */
export interface PortPool {
  /** Whether somebody may ask for this port. */
  allows(port: number): boolean
  /** Takes a port; undefined when it is taken already. */
  reserve(port: number): PortReservation | undefined
  /**
   * Takes ports of the random set one after the other, each free one once, beginning at a random place. Whoever does not
   * keep one releases it before asking for the next.
   */
  candidates(): Generator<PortReservation, void>
  /** How many ports are taken. */
  count(): number
}

/** Ports for one transport protocol. 0 ≤ random() < 1. */
export function createPortPool(policy: PortPolicy, random: () => number = Math.random): PortPool {
  const taken = new Set<number>()
  const reserve = (port: number): PortReservation | undefined => {
    if (taken.has(port)) return undefined
    taken.add(port)
    let isHeld = true
    return {
      port,
      release() {
        if (isHeld) taken.delete(port)
        isHeld = false
      },
    }
  }
  return {
    allows: (port) => hasPort(policy.fixed, port),
    reserve,
    *candidates() {
      for (const port of portsFromRandom(policy.random, random)) {
        const reservation = reserve(port)
        if (reservation) yield reservation
      }
    },
    count: () => taken.size,
  }
}
