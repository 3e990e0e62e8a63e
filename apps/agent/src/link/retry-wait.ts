import type { Clock } from '@rport/kit'

/** The pause between two attempts, which somebody may end. */
export interface RetryWait {
  /** Resolves when the time is over, when it is woken, or when `signal` aborts. One wait at a time. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>
  /** Ends the wait of now, if there is one. */
  wake(): void
}

export function createRetryWait(clock: Clock): RetryWait {
  let endWait: (() => void) | undefined
  return {
    wait: (delayMs, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const end = () => {
          timer.cancel()
          signal.removeEventListener('abort', end)
          endWait = undefined
          resolve()
        }
        const timer = clock.setTimeout(end, delayMs)
        signal.addEventListener('abort', end, { once: true })
        endWait = end
      }),
    wake: () => endWait?.(),
  }
}
