import { type Clock, type Logger, sleep } from '@rport/kit'
import type { LiveLink } from './join-server.ts'

export interface SwitchBackDeps {
  /** A complete second connection to the main server, registration included. */
  readonly join: () => Promise<LiveLink>
  /** Between two tries. */
  readonly intervalMs: number
  readonly explain: (error: unknown) => string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * While on a fallback server: tries to join the main one, again and again, until it works or `signal` aborts.
 * @returns the new link, beside the old one that its owner closes; undefined when there was no more use for it
 */
export async function switchBack(deps: SwitchBackDeps, signal: AbortSignal): Promise<LiveLink | undefined> {
  for (;;) {
    try {
      await sleep(deps.clock, deps.intervalMs, signal)
    } catch {
      // The only reason to wake up early: the link on the fallback is over.
      return undefined
    }
    try {
      return await deps.join()
    } catch (error) {
      if (signal.aborted) return undefined
      deps.log.debug({ reason: deps.explain(error) }, 'main server not back yet')
    }
  }
}
