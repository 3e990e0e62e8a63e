/** Too many pieces of work wait for the same key. */
export class TooManyWaiting extends Error {
  override readonly name = 'TooManyWaiting'
}

/**
 * Runs work of the same key one after the other, in order of arrival; other keys are not affected.
 * @param options.maxWaiting  refuses the work when so much is under way for the key; absent: never
 * @throws TooManyWaiting; what the work throws
 */
export type Serial = <T>(key: string, work: () => Promise<T>, options?: { maxWaiting: number }) => Promise<T>

/** Nothing waits yet; keys live as long as somebody works under them. */
export function createSerial(): Serial {
  const tails = new Map<string, { last: Promise<unknown>; count: number }>()
  return async (key, work, options) => {
    const tail = tails.get(key) ?? { last: Promise.resolve(), count: 0 }
    if (options && tail.count >= options.maxWaiting) throw new TooManyWaiting(`${tail.count} wait for ${key}`)
    tail.count += 1
    tails.set(key, tail)
    const turn = tail.last.then(work, work)
    tail.last = turn
    try {
      return await turn
    } finally {
      tail.count -= 1
      if (tail.count === 0) tails.delete(key)
    }
  }
}
