import type { LineContext, Tunnel } from '../line.ts'
import { cpuSecondsOf } from '../processor-time.ts'

/** Those with the listener on the server and the target behind the agent, and the loopback for scale. */
export const REVERSE = ['loopback', 'openssh-r', 'rport', 'go-rport', 'chisel', 'frp', 'rathole'] as const
/** The same and the quicker way of OpenSSH, which short messages are held against. */
export const BOTH_WAYS = [
  'loopback',
  'openssh-l',
  'openssh-r',
  'rport',
  'go-rport',
  'chisel',
  'frp',
  'rathole',
] as const

export const US_PER_NS = 1e-3
export const MS_PER_NS = 1e-6

/** What a visitor told, and what it cost the contender. */
export interface Visited {
  readonly figures: Readonly<Record<string, number>>
  /** Processor time of all the contender's processes meanwhile, in seconds. */
  readonly cpuSeconds: number
  /** The same for each of its two ends, children included: the one that listens and the one that dialled in. */
  readonly endCpuSeconds: readonly number[]
}

/** Sends a visitor of the load program through the contender's tunnel. */
export async function visitThrough(
  context: LineContext,
  roundTripMs: number,
  words: (tunnel: Tunnel) => readonly (string | number)[],
): Promise<Visited> {
  const tunnel = await context.tunnels.open(context.contender, roundTripMs)
  const spent = () => tunnel.pids.map((pid) => cpuSecondsOf([pid]))
  const before = spent()
  const figures = await context.load.visit(context.scope, words(tunnel))
  const endCpuSeconds = spent().map((seconds, end) => seconds - (before[end] ?? 0))
  return { figures, endCpuSeconds, cpuSeconds: endCpuSeconds.reduce((sum, seconds) => sum + seconds, 0) }
}

/** A figure that the load program must have told. @throws when it has not */
export function told(figures: Readonly<Record<string, number>>, key: string): number {
  const value = figures[key]
  if (value === undefined) throw new Error(`the load program told no ${key}`)
  return value
}
