import { type Clock, MS_PER_SECOND, type Timer } from '@rport/kit'

/** Watches how late timers are: what every user and every agent waits for when the program is busy. */
export interface LoopWatch {
  start(): void
  stop(): void
  /** How late the latest timer was, and the latest of all since the reading before, in seconds. */
  read(): { readonly lastSeconds: number; readonly maxSeconds: number }
}

const PERIOD_MS = 500

/** Wakes up twice a second, no more: watching must not be what keeps the program busy. */
export function createLoopWatch(clock: Clock): LoopWatch {
  let timer: Timer | undefined
  let dueAt = 0
  let lastMs = 0
  let maxMs = 0
  const tick = () => {
    lastMs = Math.max(0, clock.monotonic() - dueAt)
    maxMs = Math.max(maxMs, lastMs)
    wait()
  }
  const wait = () => {
    dueAt = clock.monotonic() + PERIOD_MS
    timer = clock.setTimeout(tick, PERIOD_MS, { background: true })
  }
  return {
    start: wait,
    stop: () => timer?.cancel(),
    read() {
      const reading = { lastSeconds: lastMs / MS_PER_SECOND, maxSeconds: maxMs / MS_PER_SECOND }
      maxMs = 0
      return reading
    },
  }
}
