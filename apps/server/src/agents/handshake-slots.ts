import type { Clock } from '@rport/kit'

export interface HandshakeSlotsOptions {
  /** `max_concurrent_ssh_handshakes`: how many run side by side; the others wait their turn. */
  readonly slots: number
  /** A handshake that takes longer goes on without its slot, in milliseconds: a slow or silent peer holds up nobody. */
  readonly slotMs: number
  /** How many may wait or run in all. */
  readonly maxPending: number
  readonly clock: Clock
}

/** Lets handshakes in, in the order of their arrival. */
export interface HandshakeSlots {
  /**
   * Waits for a turn.
   * @returns what ends the turn, to be called when the handshake is over; undefined when too many are here already
   */
  enter(): Promise<(() => void) | undefined>
  readonly pending: number
}

/** After a restart thousands of agents come at once: all of them at the same time would finish later than one after another. */
export function createHandshakeSlots({ slots, slotMs, maxPending, clock }: HandshakeSlotsOptions): HandshakeSlots {
  const waiting: (() => void)[] = []
  let busy = 0
  let pending = 0

  const free = () => {
    busy -= 1
    waiting.shift()?.()
  }
  const take = () => {
    busy += 1
    let holds = true
    let isOver = false
    const giveBack = () => {
      if (!holds) return
      holds = false
      free()
    }
    const timer = clock.setTimeout(giveBack, slotMs, { background: true })
    return () => {
      if (isOver) return
      isOver = true
      timer.cancel()
      pending -= 1
      giveBack()
    }
  }

  return {
    get pending() {
      return pending
    },
    enter() {
      if (pending >= maxPending) return Promise.resolve(undefined)
      pending += 1
      if (busy < slots) return Promise.resolve(take())
      return new Promise((resolve) => {
        waiting.push(() => resolve(take()))
      })
    },
  }
}
