/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Shortest wait, in milliseconds. */
  minMs: number
  /** Longest wait, in milliseconds. */
  maxMs: number
  /** 0 ≤ random() < 1 */
  random?: () => number
}

/**
 * The wait before retry number `attempt` (0, 1, 2, …): a random time between `minMs` and `minMs · 2^attempt`,
 * never above `maxMs`. Jitter keeps a fleet that lost its server from coming back in one instant.
 */
export function backoffDelayMs(attempt: number, options: BackoffOptions): number {
  const random = options.random ?? Math.random
  const ceilingMs = Math.min(options.minMs * 2 ** Math.min(attempt, 40), options.maxMs)
  const floorMs = Math.min(options.minMs, options.maxMs)
  return floorMs + random() * Math.max(0, ceilingMs - floorMs)
}
