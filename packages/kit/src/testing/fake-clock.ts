import type { Clock } from '../clock.ts'

/** A clock that stands still until `advance` is called. */
export interface FakeClock extends Clock {
  /** Lets `durationMs` pass; due callbacks run in order, with promises settled between them. */
  advance(durationMs: number): Promise<void>
  /** Sets the wall clock without letting time pass: what a person or NTP does. */
  jump(differenceMs: number): void
  /** How many timers are running. */
  readonly pending: number
}

interface Entry {
  dueMs: number
  periodMs: number | undefined
  callback: () => void
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsedMs = 0
  let wallOffsetMs = startMs
  const entries = new Set<Entry>()
  const add = (callback: () => void, delayMs: number, periodMs?: number) => {
    const entry: Entry = { dueMs: elapsedMs + Math.max(delayMs, 0), periodMs, callback }
    entries.add(entry)
    return { cancel: () => void entries.delete(entry) }
  }
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  }
  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonic: () => elapsedMs,
    setTimeout: (callback, delayMs) => add(callback, delayMs),
    setInterval: (callback, periodMs) => add(callback, periodMs, Math.max(periodMs, 1)),
    jump: (differenceMs) => {
      wallOffsetMs += differenceMs
    },
    get pending() {
      return entries.size
    },
    async advance(durationMs) {
      const endMs = elapsedMs + durationMs
      await settle()
      for (;;) {
        const next = [...entries].filter((entry) => entry.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0]
        if (!next) break
        elapsedMs = Math.max(elapsedMs, next.dueMs)
        if (next.periodMs === undefined) entries.delete(next)
        else next.dueMs += next.periodMs
        next.callback()
        await settle()
      }
      elapsedMs = endMs
      await settle()
    },
  }
}
