import { type Clock, errorMessage, type Logger } from '@rport/kit'
import { type Connection, createKeepAlive, TransportError } from '@rport/transport'
import { refuseChannels } from '../agents/agent-greeting.ts'
import type { Line, LineHandlers } from './line.ts'
import type { ConnectorSays, MainSays } from './messages.ts'

export interface ConnectorAgentsDeps {
  readonly line: Line<ConnectorSays, MainSays>
  readonly clock: Clock
  readonly log: Logger
}

type Answered = 'request' | 'serve' | 'notify' | 'probe' | 'features' | 'watch' | 'end'

/** The agents of a connector, by number. What they ask is passed on, what the main process wants of them is done. */
export interface ConnectorAgents {
  /** An agent has logged in. */
  arrived(connection: Connection, address: string): void
  /** @throws TransportError(closed) when it has left */
  require(agent: number): Connection
  /** Bytes of the connections on which something has moved since the last call: agent, received, sent, agent, … */
  movedBytes(): Float64Array
  readonly handlers: Pick<LineHandlers<MainSays>, Answered>
}

/** What of each agent was told last. */
interface Entry {
  readonly connection: Connection
  toldBytes: number
}

/** An empty book. */
export function createConnectorAgents({ line, clock, log }: ConnectorAgentsDeps): ConnectorAgents {
  const entries = new Map<number, Entry>()
  const keepAlive = createKeepAlive({ clock, log })
  let lastNumber = 0

  const find = (agent: number) => entries.get(agent)?.connection
  const require = (agent: number): Connection => {
    const connection = find(agent)
    if (!connection || connection.isClosed) throw new TransportError('closed', 'connection is closed: it has ended')
    return connection
  }
  const passOn = async (agent: number, name: string, payload: Buffer, wantReply: boolean) => {
    const reply = await line.ask('agentRequest', { agent, name, payload, wantReply })
    return { ok: reply.ok, payload: Buffer.from(reply.payload) }
  }

  return {
    arrived(connection, address) {
      lastNumber += 1
      const agent = lastNumber
      entries.set(agent, { connection, toldBytes: 0 })
      const { user, peerIdent, remoteAddress } = connection
      line.tell('agent', { agent, user, peerIdent, remoteAddress, address })
      void connection.closed.then((reason) => {
        entries.delete(agent)
        const { bytesReceived: receivedBytes, bytesSent: sentBytes } = connection
        line.tell('ended', { agent, reason: { ...reason }, receivedBytes, sentBytes })
      })
    },
    require,
    movedBytes() {
      const moved: number[] = []
      for (const [agent, entry] of entries) {
        const { bytesReceived, bytesSent } = entry.connection
        if (bytesReceived + bytesSent === entry.toldBytes) continue
        entry.toldBytes = bytesReceived + bytesSent
        moved.push(agent, bytesReceived, bytesSent)
      }
      return Float64Array.from(moved)
    },
    handlers: {
      request({ agent, name, payload, timeoutMs }, signal) {
        return require(agent).request(name, Buffer.from(payload), { timeoutMs, signal })
      },
      serve({ agent }) {
        find(agent)?.serve({
          onRequest: (name, payload, wantReply) => passOn(agent, name, payload, wantReply),
          onChannel: refuseChannels,
        })
      },
      notify({ agent, name, payload }) {
        try {
          find(agent)?.notify(name, Buffer.from(payload))
        } catch (error) {
          // Its size was looked at where it was said.
          log.error({ name, error: errorMessage(error) }, 'a message for an agent could not be sent')
        }
      },
      probe: ({ agent }) => find(agent)?.probe(),
      features: ({ agent, ...features }) => find(agent)?.announcePeerFeatures(features),
      watch({ agent, policy, wantsAlive }) {
        const connection = find(agent)
        if (!connection || connection.isClosed) return
        keepAlive.watch(connection, policy, wantsAlive ? () => line.mention('alive', { agent }) : undefined)
      },
      end: ({ agent, reason }) => find(agent)?.close(reason),
    },
  }
}
