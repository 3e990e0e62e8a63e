import { type Clock, formatDuration } from '@rport/kit'

/** Work with a deadline; its signal aborts then, and whoever waits does not wait for work that does not care. */
export async function withTimeout<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<T> {
  const controller = new AbortController()
  const late = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  const timer = clock.setTimeout(
    () => controller.abort(new Error(`it took longer than ${formatDuration(timeoutMs)}`)),
    timeoutMs,
  )
  try {
    return await Promise.race([work(controller.signal), late])
  } finally {
    timer.cancel()
  }
}
