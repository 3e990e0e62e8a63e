/** How long a thing may take on a small, busy machine before a test gives it up. */
export const PATIENCE_MS = 20_000

/** Pause between two looks at something that cannot announce itself (an HTTP answer, a closed port). */
const LOOK_EVERY_MS = 25

/** The promise's value, or an error that names `what` when it takes longer than `limitMs`. */
export async function within<T>(promise: Promise<T>, what: string, limitMs: number = PATIENCE_MS): Promise<T> {
  const expiry = Promise.withResolvers<never>()
  const timer = setTimeout(() => expiry.reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([promise, expiry.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Looks again and again until `look` answers with something other than undefined, null or false.
 * An error of `look` counts as "not yet" and is part of the message when time is up.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  limitMs: number = PATIENCE_MS,
): Promise<T> {
  const giveUpAt = performance.now() + limitMs
  for (;;) {
    let trouble: unknown
    try {
      const found = await look()
      if (found !== undefined && found !== null && found !== false) return found
    } catch (error) {
      trouble = error
    }
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${limitMs} ms`, { cause: trouble })
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
