import { Worker } from 'node:worker_threads'
import { createLimiter } from './limiter.ts'

/** What a thread is asked. */
export interface StrengthQuestion {
  readonly password: string
  /** Words that whoever guesses tries first, such as the name of the user. */
  readonly known: readonly string[]
}

/** How hard a password is to guess. */
export interface StrengthAnswer {
  /** 0 (no work at all) to 4 (very hard), as zxcvbn counts. */
  readonly score: number
  /** English sentences that say what would help; '' = nothing to say. */
  readonly advice: string
}

/** Estimates how hard passwords are to guess. */
export interface StrengthMeter {
  /** Takes about half a second, away from the main thread. @throws LimiterFull when too many wait */
  estimate(question: StrengthQuestion): Promise<StrengthAnswer>
}

/** Matching takes time with the square of the length: this bounds it. A password that is weak up to here is weak. */
const MAX_CHARS = 72
/** A thread takes 130 MB while it runs. */
const MAX_RUNNING = 1
const MAX_WAITING = 20

/** Each estimate has a thread that ends with it: passwords are set too rarely to keep the dictionaries in memory. */
export function createStrengthMeter(): StrengthMeter {
  const limiter = createLimiter({ maxRunning: MAX_RUNNING, maxWaiting: MAX_WAITING })
  return {
    estimate: ({ password, known }) =>
      limiter.run(() =>
        ask({ password: password.slice(0, MAX_CHARS), known: known.map((word) => word.slice(0, 100)) }),
      ),
  }
}

const ask = (question: StrengthQuestion): Promise<StrengthAnswer> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./strength-worker.ts', import.meta.url), { workerData: question })
    worker.once('message', (answer: StrengthAnswer) => resolve(answer))
    worker.once('error', reject)
    // After an answer this changes nothing; without one it is the only sign of life.
    worker.once('exit', (code) => reject(new Error(`the thread that judges passwords ended with ${code}`)))
  })
