import type { EventEmitter } from 'node:events'

/** Signals that came before the program could act on them. */
export interface HeldSignals {
  /** Stops holding. @returns those that came, in order, each once */
  release(): readonly NodeJS.Signals[]
}

const HELD: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Loading a program takes a moment, in which a signal would end it on the spot: a SIGHUP that is meant to reload it, too.
 * From here on signals wait. Whoever takes over calls `release`: `runUntilSignal`, or a command that does without.
 */
export function holdSignals(events: Pick<EventEmitter, 'on' | 'off'> = process): HeldSignals {
  const came = new Set<NodeJS.Signals>()
  const listeners = HELD.map((signal) => [signal, () => void came.add(signal)] as const)
  for (const [signal, remember] of listeners) events.on(signal, remember)
  return {
    release() {
      for (const [signal, remember] of listeners) events.off(signal, remember)
      const signals = [...came]
      came.clear()
      return signals
    },
  }
}

/** Gives signals back to the system, which ends the process by the first that came. For commands that are not a service. */
export function releaseToSystem(held: HeldSignals): void {
  for (const signal of held.release()) process.kill(process.pid, signal)
}
