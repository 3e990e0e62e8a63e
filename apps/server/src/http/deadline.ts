import { apiError } from '@rport/api'
import type { Clock } from '@rport/kit'

/**
 * Runs `work` with a signal that aborts when `gone` does or the time is over. Work that does not listen to the signal is
 * left behind: the caller gets his answer at the deadline all the same.
 * @throws request_timeout, the reason of `gone`, or what `work` throws
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  { timeoutMs, gone, clock }: { timeoutMs: number; gone: AbortSignal; clock: Clock },
): Promise<T> {
  gone.throwIfAborted()
  // One signal of our own: the runtime keeps what AbortSignal.any makes, with its listeners, for ever if it never aborts.
  const ending = new AbortController()
  const timer = clock.setTimeout(() => ending.abort(apiError('request_timeout')), timeoutMs)
  const hangUp = () => ending.abort(gone.reason)
  gone.addEventListener('abort', hangUp, { once: true })
  try {
    const aborted = new Promise<never>((_resolve, reject) => {
      ending.signal.addEventListener('abort', () => reject(ending.signal.reason), { once: true })
    })
    // Work that throws before there is a race leaves this promise alone; its rejection must not count as unhandled.
    aborted.catch(() => undefined)
    return await Promise.race([work(ending.signal), aborted])
  } finally {
    timer.cancel()
    gone.removeEventListener('abort', hangUp)
  }
}
