import { type Clock, errorMessage, type Logger } from '@rport/kit'
import type { TunnelListener, TunnelWay } from '../visitors/index.ts'
import type { Line } from './line.ts'
import type { ConnectorSays, MainSays } from './messages.ts'

/** The listeners of tunnels in one connector, as the main process sees them. */
export interface RemoteListeners {
  /** Asks the connector to listen for visitors that are led through an agent of it. @throws as OpenTunnelListener */
  open(agent: number, way: TunnelWay): Promise<TunnelListener>
  /** So many visitors has a tunnel now. */
  visitorsOf(tunnel: number, count: number): void
}

export interface RemoteListenersDeps {
  readonly line: Line<MainSays, ConnectorSays>
  readonly clock: Clock
  readonly log: Logger
}

interface Entry {
  count: number
  idleSinceAt: number
}

/** The connector tells how many visitors there are; since when there are none is reckoned here, by our own clock. */
export function createRemoteListeners({ line, clock, log }: RemoteListenersDeps): RemoteListeners {
  const entries = new Map<number, Entry>()
  let lastNumber = 0

  const visitorsOf = (tunnel: number, count: number) => {
    const entry = entries.get(tunnel)
    if (!entry) return
    entry.count = count
    if (count === 0) entry.idleSinceAt = clock.monotonic()
  }
  /** In a process that is gone there are no visitors, and none will come. */
  const orGone = <T>(answer: Promise<T>, gone: T): Promise<T> =>
    answer.catch((error: unknown) => {
      if (line.isOver) return gone
      throw error
    })
  const unlisten = async (tunnel: number): Promise<void> => {
    try {
      await line.ask('unlisten', { tunnel })
    } catch (error) {
      // The end of the process has freed the port, too.
      if (!line.isOver) log.error({ error: errorMessage(error) }, 'a tunnel could not be ended by its connector')
    }
    visitorsOf(tunnel, 0)
    entries.delete(tunnel)
  }

  return {
    async open(agent, way) {
      lastNumber += 1
      const tunnel = lastNumber
      const entry: Entry = { count: 0, idleSinceAt: clock.monotonic() }
      entries.set(tunnel, entry)
      await line.ask('listen', { agent, tunnel, way }).catch((error: unknown) => {
        entries.delete(tunnel)
        throw error
      })
      let closing: Promise<void> | undefined
      return {
        get openConnections() {
          return line.isOver ? 0 : entry.count
        },
        get idleSinceAt() {
          return entry.idleSinceAt
        },
        countNow: () => orGone(line.ask('countVisitors', { tunnel }), 0),
        changeAcl: async (acl) => void (await orGone(line.ask('changeAcl', { tunnel, acl }), null)),
        close() {
          closing ??= unlisten(tunnel)
          return closing
        },
      }
    },
    visitorsOf,
  }
}
