import type { Clock } from './clock.ts'
import { formatDuration } from './duration.ts'

/** How long something may take, and what is said when it takes longer. */
export interface Deadline {
  readonly timeoutMs: number
  readonly clock: Clock
  /** Makes the error of the deadline; without it an error says how long was too long. */
  readonly late?: () => Error
  /** The wait does not keep the process alive. */
  readonly background?: boolean
}

/**
 * What `work` comes to, if it does in time. Late work is left behind: it runs on, and what it comes to goes nowhere.
 * @throws what `late` makes, or what `work` rejects with
 */
export function inTime<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = deadline.clock.setTimeout(() => reject(lateError(deadline)), deadline.timeoutMs, deadline)
    work.then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}

/**
 * Runs `work` with a signal that aborts at the deadline, or before it when `gone` does. Work that does not listen to the
 * signal is left behind: whoever waits gets his answer all the same. Leaves nothing on `gone`.
 * @throws what `late` makes, the reason of `gone`, or what `work` throws
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  deadline: Deadline & { readonly gone?: AbortSignal },
): Promise<T> {
  const { gone } = deadline
  gone?.throwIfAborted()
  // One signal of our own: the runtime keeps what AbortSignal.any makes, with its listeners, for ever if it never aborts.
  const ending = new AbortController()
  const timer = deadline.clock.setTimeout(() => ending.abort(lateError(deadline)), deadline.timeoutMs, deadline)
  const hangUp = () => ending.abort(gone?.reason)
  gone?.addEventListener('abort', hangUp, { once: true })
  try {
    const aborted = new Promise<never>((_resolve, reject) => {
      ending.signal.addEventListener('abort', () => reject(ending.signal.reason), { once: true })
    })
    // Work that throws before there is a race leaves this promise alone; its rejection must not count as unhandled.
    aborted.catch(() => undefined)
    return await Promise.race([work(ending.signal), aborted])
  } finally {
    timer.cancel()
    gone?.removeEventListener('abort', hangUp)
  }
}

const lateError = ({ late, timeoutMs }: Deadline): Error =>
  late?.() ?? new Error(`it took longer than ${formatDuration(timeoutMs)}`)
