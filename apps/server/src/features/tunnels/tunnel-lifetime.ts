import type { Clock, Timer } from '@rport/kit'

/** Why a tunnel ends by itself. */
export type LifetimeEnd = 'idle' | 'auto-close'

export interface TunnelLifetimeOptions {
  readonly clock: Clock
  /** Without a visitor for this long the tunnel ends; 0 = never. In milliseconds. */
  readonly idleTimeoutMs: number
  /** The tunnel ends this long after its start, used or not; 0 = never. In milliseconds. */
  readonly autoCloseMs: number
  /** How the tunnel is used right now. */
  readonly activity: { readonly openConnections: number; readonly idleSinceAt: number }
  /** Called once at most. */
  readonly onEnd: (reason: LifetimeEnd) => void
}

/**
 * Watches one tunnel from now on. One timer each, whatever the number of visitors: it looks at the activity when it fires
 * and sleeps for what is left. Nothing that happened in between can make the end come too late, because a visitor that
 * leaves after the look starts a full idle time, which ends after the next look.
 */
export function startTunnelLifetime(options: TunnelLifetimeOptions): { stop(): void } {
  const { clock, idleTimeoutMs, autoCloseMs, activity } = options
  const autoCloseAt = autoCloseMs > 0 ? clock.monotonic() + autoCloseMs : Number.POSITIVE_INFINITY
  let timer: Timer | undefined

  const idleEndAt = (now: number): number => {
    if (idleTimeoutMs <= 0) return Number.POSITIVE_INFINITY
    return (activity.openConnections > 0 ? now : activity.idleSinceAt) + idleTimeoutMs
  }
  const look = () => {
    timer = undefined
    const now = clock.monotonic()
    if (now >= autoCloseAt) return options.onEnd('auto-close')
    const idleAt = idleEndAt(now)
    if (now >= idleAt) return options.onEnd('idle')
    const nextAt = Math.min(autoCloseAt, idleAt)
    if (Number.isFinite(nextAt)) timer = clock.setTimeout(look, Math.ceil(nextAt - now), { background: true })
  }
  look()
  return {
    stop() {
      timer?.cancel()
      timer = undefined
    },
  }
}
