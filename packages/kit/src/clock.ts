/** A running timer; `cancel` is idempotent and keeps the callback from running. */
export interface Timer {
  cancel(): void
}

/** Where time comes from. Handed in as an argument, so that tests can let an hour pass in a microsecond. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; may jump when the machine's clock is set. */
  now(): number
  /** Milliseconds from an arbitrary start; never jumps back. Use it for timeouts and ages. */
  monotonic(): number
  /** Runs `callback` once after `delayMs`. A background timer does not keep the process alive. */
  setTimeout(callback: () => void, delayMs: number, options?: { background?: boolean }): Timer
  /** Runs `callback` every `periodMs` until cancelled. A background timer does not keep the process alive. */
  setInterval(callback: () => void, periodMs: number, options?: { background?: boolean }): Timer
}

/** The longest delay that the runtime's timers take (2^31 - 1 ms); longer ones would fire at once. */
const MAX_DELAY_MS = 0x7fffffff

type Handle = { unref?: () => void }
// The pure packages know no runtime types: these three exist in every one of them.
const runtime = globalThis as unknown as {
  setTimeout(callback: () => void, delayMs: number): Handle
  setInterval(callback: () => void, periodMs: number): Handle
  clearTimeout(handle: Handle): void
  performance: { now(): number }
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => runtime.performance.now(),
  setTimeout(callback, delayMs, options) {
    const handle = runtime.setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS))
    if (options?.background) handle.unref?.()
    return { cancel: () => runtime.clearTimeout(handle) }
  },
  setInterval(callback, periodMs, options) {
    const handle = runtime.setInterval(callback, Math.min(Math.max(periodMs, 1), MAX_DELAY_MS))
    if (options?.background) handle.unref?.()
    return { cancel: () => runtime.clearTimeout(handle) }
  },
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
