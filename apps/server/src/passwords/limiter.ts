/** Too much is waiting already; the caller may try again later. */
export class LimiterFull extends Error {
  constructor() {
    super('too many password checks are waiting')
    this.name = 'LimiterFull'
  }
}

/** Runs a bounded number of things at once. */
export interface Limiter {
  /** @throws LimiterFull at once when the queue is full; else whatever `work` throws */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createLimiter({ maxRunning, maxWaiting }: { maxRunning: number; maxWaiting: number }): Limiter {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async run(work) {
      if (running >= maxRunning) {
        if (waiting.length >= maxWaiting) throw new LimiterFull()
        // Whoever finishes hands its place on, so `running` does not change here.
        await new Promise<void>((resolve) => void waiting.push(resolve))
      } else {
        running += 1
      }
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else running -= 1
      }
    },
  }
}
