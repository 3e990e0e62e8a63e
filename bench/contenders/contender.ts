import type { Scope } from '../../tests/harness/scope.ts'
import type { Tunnel } from '../line.ts'

/** What a contender is started with. */
export interface TunnelOrder {
  /** Ends what is started. */
  readonly scope: Scope
  /** Where the tunnel leads to, on the loopback address. */
  readonly targetPort: number
  /** Lays a line of the wished length to a port of this machine and returns the port at its near end. */
  readonly lay: (port: number) => Promise<number>
  readonly programs: Readonly<Record<string, string>>
  /** Environment for our own programs. */
  readonly env: Readonly<Record<string, string>>
}

/** Somebody who carries bytes from a port of this machine to another one. */
export interface Contender {
  readonly name: string
  /** One sentence for the page: who listens, what lies between. */
  readonly what: string
  /** Whether it can take part, by the paths that were given. */
  isPresent(programs: Readonly<Record<string, string>>): boolean
  /** Starts both ends and resolves when the tunnel listens. */
  open(order: TunnelOrder): Promise<Tunnel>
}
