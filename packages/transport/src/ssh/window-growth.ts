/** By how much the windows of all channels of the process together may have grown: what their peers may make us keep. */
const PROCESS_BYTES = 256 * 1024 * 1024
/** Answers later than this many shortest round trips have waited in a queue, which a larger window would only lengthen. */
const QUEUED_AT = 1.5

let grownBytes = 0

/**
 * How far the windows of one connection's channels may grow. 2 MiB are 20 MB/s over a line of 100 ms, whatever the line could carry.
 * Whoever sends as much as it may waits one round trip for more; the first bytes beyond its old allowance tell when it got it.
 */
export class WindowGrowth {
  readonly #maxWindowBytes: number
  #shortestMs = Number.POSITIVE_INFINITY

  constructor(maxWindowBytes: number) {
    this.#maxWindowBytes = maxWindowBytes
  }

  /** Of the whole process. */
  static get grownBytes(): number {
    return grownBytes
  }

  /** @param elapsedMs  between an adjustment and the first bytes that it allowed: a round trip, and what queues took */
  isTooSmall(elapsedMs: number): boolean {
    this.#shortestMs = Math.min(this.#shortestMs, elapsedMs)
    return elapsedMs <= this.#shortestMs * QUEUED_AT
  }

  /** Doubles a window, as far as channel and process may. @returns bytes to add, to be given back when the channel ends */
  take(windowBytes: number): number {
    const bytes = Math.max(0, Math.min(windowBytes, this.#maxWindowBytes - windowBytes, PROCESS_BYTES - grownBytes))
    grownBytes += bytes
    return bytes
  }

  giveBack(byteCount: number): void {
    grownBytes -= byteCount
  }
}
