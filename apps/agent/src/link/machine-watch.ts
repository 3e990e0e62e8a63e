import { type Clock, formatDuration, type Logger, MS_PER_SECOND } from '@rport/kit'

/** Notices what happens to the machine and may have cost it its link, long before the next ping would. */
export interface MachineWatch {
  /** Looks until `stop`; `onUpset` is called once for each event. */
  start(onUpset: () => void): { stop(): void }
}

export interface MachineWatchDeps {
  /** Addresses of the machine's interfaces; `internal` ones never leave it. */
  readonly addresses: () => readonly { readonly address: string; readonly internal: boolean }[]
  readonly clock: Clock
  readonly log: Logger
}

const LOOK_EVERY_MS = 3 * MS_PER_SECOND
/** A look may come so late on a busy machine without anything having happened. */
const TOLERANCE_MS = 10 * MS_PER_SECOND
/** Link-local addresses come and go with every container, and no server is reached through them. */
const LINK_LOCAL = /^(fe[89ab]|169\.254\.)/i

/**
 * Sleep stops the monotonic clock on some systems and delays timers on others, so both clocks are compared with the time
 * that should have passed. A clock that was set by hand looks the same; the check costs one ping.
 */
export function createMachineWatch({ addresses, clock, log }: MachineWatchDeps): MachineWatch {
  const addressesNow = () =>
    addresses()
      .filter(({ address, internal }) => !internal && !LINK_LOCAL.test(address))
      .map(({ address }) => address)
      .sort()
      .join(' ')
  return {
    start(onUpset) {
      let wallAt = clock.now()
      let monotonicAt = clock.monotonic()
      let known = addressesNow()
      const look = () => {
        const missedMs = Math.max(clock.now() - wallAt, clock.monotonic() - monotonicAt) - LOOK_EVERY_MS
        const found = addressesNow()
        const hasMoved = found !== known
        wallAt = clock.now()
        monotonicAt = clock.monotonic()
        known = found
        if (missedMs > TOLERANCE_MS) {
          log.info(
            { missed: formatDuration(Math.round(missedMs)) },
            'time has jumped: this machine slept, or its clock was set',
          )
        } else if (hasMoved) log.info({ addresses: found }, 'addresses of this machine have changed')
        else return
        onUpset()
      }
      const timer = clock.setInterval(look, LOOK_EVERY_MS, { background: true })
      return { stop: () => timer.cancel() }
    },
  }
}
