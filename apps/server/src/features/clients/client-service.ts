import { randomUUID } from 'node:crypto'
import { type Clock, errorMessage, type Logger, type Timer } from '@rport/kit'
import { type ConnectionRequest, type RemoteRecord, RequestRefused } from '@rport/protocol'
import type { Connection } from '@rport/transport'
import { type AgentSession, clientIdOf, type RegistrationDeps, registerClient } from './client-registration.ts'
import { createSerial, TooManyWaiting } from './serial.ts'

/** More registrations of one client wait for each other only when somebody wants to keep us busy. */
const REGISTRATIONS_AT_ONCE = { maxWaiting: 16 }

/** How an agent's registration ended. */
export type Registration =
  | {
      readonly ok: true
      readonly clientId: string
      /** What the agent reads: its remotes with their ports, and those that came back. */
      readonly reply: readonly RemoteRecord[] | null
    }
  /** The text is for the agent's log. The listener closes the connection soon after it has sent it. */
  | { readonly ok: false; readonly text: string }

/** When disconnected clients are forgotten. */
export interface PurgeRules {
  /** `purge_disconnected_clients` */
  readonly enabled: boolean
  /** `keep_disconnected_clients`, in milliseconds; 0 = forget at once. */
  readonly keepMs: number
  /** `purge_disconnected_clients_interval`, in milliseconds. */
  readonly intervalMs: number
}

export interface ClientServiceDeps extends RegistrationDeps {
  readonly purge: PurgeRules
  readonly clock: Clock
  readonly log: Logger
}

/** The life of clients: coming, living, leaving, being forgotten. */
export interface ClientService {
  /** The first request on a connection. Never rejects. */
  onConnected(session: AgentSession, request: ConnectionRequest): Promise<Registration>
  /** A sign of life: a ping of the agent, or its answer to ours. */
  onAlive(session: AgentSession): void
  /** The connection is over. Never rejects; the end of one that was replaced changes nothing. */
  onClosed(session: AgentSession): Promise<void>
  /** The client that registered on a connection and still holds its id. */
  clientIdOn(connection: Connection): string | undefined
  /** @returns false when the client is connected */
  delete(clientId: string): Promise<boolean>
  /** Ends the connection of a client and forgets it; nothing happens when it is unknown. */
  expel(clientId: string): Promise<void>
  /** The id belongs to no credential any more: the next one that comes with it gets it. @returns false when it is connected */
  release(clientId: string): Promise<boolean>
  /** Begins to forget clients that have been away for too long. */
  start(): void
  stop(): void
}

/** Builds the service; nothing is purged before `start`. */
export function createClientService(deps: ClientServiceDeps): ClientService {
  const { registry, connections, tunnels, takeovers, rules, purge, clock, log } = deps
  const serial = createSerial()
  const registered = new Map<Connection, string>()
  let timer: Timer | undefined

  const clientIdOn = (connection: Connection): string | undefined => {
    const clientId = registered.get(connection)
    return clientId !== undefined && connections.find(clientId) === connection ? clientId : undefined
  }
  /** One at a time for each id; for each credential too, when one credential serves one client. */
  const oneByOne = <T>(session: AgentSession, clientId: string, work: () => Promise<T>): Promise<T> => {
    const ofClient = () => serial(`client ${clientId}`, work, REGISTRATIONS_AT_ONCE)
    if (rules.authMultiuseCreds) return ofClient()
    return serial(`credential ${session.clientAuthId}`, ofClient, REGISTRATIONS_AT_ONCE)
  }
  const forget = async (clientId: string) => {
    await registry.delete(clientId)
    tunnels.forget(clientId)
    takeovers.forget(clientId)
    log.info({ clientId }, 'client deleted')
  }
  const forgetIfAway = (clientId: string): Promise<boolean> =>
    serial(`client ${clientId}`, async () => {
      if (connections.find(clientId)) return false
      await forget(clientId)
      return true
    })
  const purgeOnce = async () => {
    const limit = clock.now() - purge.keepMs
    for (const { id, disconnectedAt } of [...registry.list()]) {
      if (disconnectedAt !== undefined && disconnectedAt < limit) await forgetIfAway(id)
    }
  }

  return {
    clientIdOn,
    async onConnected(session, request) {
      const clientId = clientIdOf(request, session, rules, randomUUID)
      try {
        // Before anybody can reach it, or an end that comes right after the registration would find nothing to end.
        registered.set(session.connection, clientId)
        const reply = await oneByOne(session, clientId, () => registerClient(deps, session, clientId, request))
        return { ok: true, clientId, reply }
      } catch (error) {
        registered.delete(session.connection)
        const { address } = session
        if (error instanceof RequestRefused) {
          log.info({ clientId, address, reason: error.message }, 'client refused')
          return { ok: false, text: error.message }
        }
        if (error instanceof TooManyWaiting) {
          log.warn({ clientId, address }, 'client refused: too many wait for the same id')
          return { ok: false, text: 'too many connections of this client at once' }
        }
        log.error({ clientId, address, error }, 'registration of a client failed')
        return { ok: false, text: 'internal error' }
      }
    },
    onAlive({ connection }) {
      const clientId = clientIdOn(connection)
      if (clientId === undefined) return
      // Nothing durable, so nothing can fail.
      void registry.update(clientId, { lastHeartbeatAt: clock.now() }, { durable: false })
    },
    async onClosed({ connection }) {
      const clientId = registered.get(connection)
      registered.delete(connection)
      // Removed at once, so that nobody asks a dead connection; the rest waits for its turn.
      if (clientId === undefined || !connections.remove(clientId, connection)) return
      takeovers.forget(clientId)
      const disconnectedAt = clock.now()
      try {
        await serial(`client ${clientId}`, async () => {
          if (connections.find(clientId)) return
          await tunnels.close(clientId, 'disconnected')
          await registry.update(clientId, { disconnectedAt })
        })
        log.info({ clientId }, 'client disconnected')
        if (purge.enabled && purge.keepMs === 0) await forgetIfAway(clientId)
      } catch (error) {
        log.error({ clientId, error: errorMessage(error) }, 'end of a connection could not be stored')
      }
    },
    delete: forgetIfAway,
    expel: (clientId) =>
      serial(`client ${clientId}`, async () => {
        const connection = connections.find(clientId)
        if (connection) {
          // First out of the book: its end must not bring back what is forgotten here.
          connections.remove(clientId, connection)
          connection.close('the client was deleted')
        }
        if (!registry.find(clientId)) return
        await tunnels.close(clientId, 'disconnected')
        await forget(clientId)
      }),
    release: (clientId) =>
      serial(`client ${clientId}`, async () => {
        const client = registry.find(clientId)
        if (!client || connections.find(clientId)) return false
        await registry.save({ ...client, clientAuthId: '' })
        log.info({ clientId, clientAuthId: client.clientAuthId }, 'client id released from its credential')
        return true
      }),
    start() {
      if (!purge.enabled || timer) return
      const run = () =>
        void purgeOnce().catch((error: unknown) => {
          log.error({ error: errorMessage(error) }, 'disconnected clients could not be purged')
        })
      timer = clock.setInterval(run, purge.intervalMs, { background: true })
    },
    stop() {
      timer?.cancel()
      timer = undefined
    },
  }
}
