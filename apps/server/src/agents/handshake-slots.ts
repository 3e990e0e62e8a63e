import type { Clock } from '@rport/kit'

export interface HandshakeSlotsOptions {
  /** `max_concurrent_ssh_handshakes`: how many run side by side; the others wait their turn. */
  readonly slots: number
  /** A handshake that takes longer goes on without its slot, in milliseconds: a slow or silent peer holds up nobody. */
  readonly slotMs: number
  /** How many may wait or run in all; strangers get half of it. */
  readonly maxPending: number
  readonly clock: Clock
}

/** Where a peer comes from: an address from which a registered agent was connected last, or any other. */
export type Origin = 'known' | 'stranger'

/** Lets handshakes in, in the order of their arrival, those from known addresses first. */
export interface HandshakeSlots {
  /**
   * Waits for a turn.
   * @returns what ends the turn, to be called when the handshake is over; undefined when too many are here already
   */
  enter(origin: Origin): Promise<(() => void) | undefined>
  readonly pending: number
}

/** While known ones wait, every so many-th turn is a stranger's: new agents are let in during a storm, too. */
const STRANGERS_TURN = 8

/**
 * After a restart thousands of agents come at once: all of them at the same time would finish later than one after another.
 * Who an agent is can be told only after its handshake; before it there is its address, and a flood of strangers comes from
 * addresses of its own.
 */
export function createHandshakeSlots({ slots, slotMs, maxPending, clock }: HandshakeSlotsOptions): HandshakeSlots {
  const waiting: Record<Origin, (() => void)[]> = { known: [], stranger: [] }
  let busy = 0
  let pending = 0
  let turns = 0

  const free = () => {
    busy -= 1
    turns += 1
    const [first, second] = turns % STRANGERS_TURN === 0 ? ORDER.toReversed() : ORDER
    const next = waiting[first ?? 'known'].shift() ?? waiting[second ?? 'stranger'].shift()
    next?.()
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
    enter(origin) {
      if (pending >= (origin === 'known' ? maxPending : maxPending / 2)) return Promise.resolve(undefined)
      pending += 1
      if (busy < slots) return Promise.resolve(take())
      return new Promise((resolve) => {
        waiting[origin].push(() => resolve(take()))
      })
    },
  }
}

const ORDER: readonly Origin[] = ['known', 'stranger']
