import { type KeepAlivePolicy, OWN_PEER_KEEP_ALIVE } from '@rport/transport'

/** Tries of the original before it gives a link up (wire-protocol 2.7). */
const TRIES = 3

/** Towards servers of the original the configured period holds; undefined: `keep_alive = 0`, no pings. */
export function fieldServerPolicy(keepAliveMs: number, timeoutMs: number): KeepAlivePolicy | undefined {
  if (keepAliveMs === 0) return undefined
  return { intervalMs: keepAliveMs, onlyWhenSilent: false, timeoutMs, tries: TRIES }
}

/** Towards our own server: every 15 s, more often only when that was configured. */
export function ownServerPolicy(keepAliveMs: number): KeepAlivePolicy {
  const { intervalMs } = OWN_PEER_KEEP_ALIVE
  return { ...OWN_PEER_KEEP_ALIVE, intervalMs: keepAliveMs > 0 ? Math.min(keepAliveMs, intervalMs) : intervalMs }
}
