import type { Scope } from '../tests/harness/scope.ts'
import { CONTENDERS } from './contenders/index.ts'
import type { Tunnel, Tunnels } from './line.ts'
import type { Load } from './load/load.ts'

export interface TunnelsOptions {
  /** Ends all tunnels. */
  readonly scope: Scope
  readonly load: Load
  readonly targetPort: number
  readonly programs: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
}

/** Tunnels that are opened when first asked for, one for each contender and length of line. */
export function createTunnels(options: TunnelsOptions): Tunnels {
  const { scope, load, targetPort, programs, env } = options
  const open = new Map<string, Promise<Tunnel>>()
  const lay = async (port: number, roundTripMs: number) =>
    roundTripMs === 0 ? port : load.startDelay(scope, port, roundTripMs / 2)
  return {
    open(name, roundTripMs) {
      const key = `${name} ${roundTripMs}`
      const known = open.get(key)
      if (known !== undefined) return known
      const contender = CONTENDERS.find((candidate) => candidate.name === name)
      if (!contender) return Promise.reject(new Error(`no contender is called ${name}`))
      const tunnel = contender.open({ scope, targetPort, programs, env, lay: (port) => lay(port, roundTripMs) })
      open.set(key, tunnel)
      return tunnel
    },
  }
}
