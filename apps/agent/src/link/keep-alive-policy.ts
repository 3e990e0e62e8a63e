import type { KeepAlivePolicy } from '@rport/transport'

/** Tries of the original before it gives a link up (wire-protocol 2.7). */
const TRIES = 3

/** The heartbeat, as often as was configured; undefined: `keep_alive = 0`, no pings. */
export function fieldServerPolicy(keepAliveMs: number, timeoutMs: number): KeepAlivePolicy | undefined {
  if (keepAliveMs === 0) return undefined
  return { intervalMs: keepAliveMs, onlyWhenSilent: false, timeoutMs, tries: TRIES }
}
