import { toTimeText } from '@rport/api'
import type { Clock, Logger } from '@rport/kit'
import { dispatchRequest, type RequestHandlers, RequestRefused, serverRequests } from '@rport/protocol'
import type { RequestReply } from '@rport/transport'
import type { AgentSession } from './client-registration.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { ClientService } from './client-service.ts'

export interface ClientRequestsDeps {
  readonly service: Pick<ClientService, 'clientIdOn' | 'onAlive'>
  readonly registry: Pick<ClientRegistry, 'update'>
  readonly clock: Clock
  readonly log: Logger
}

/** Answers one request of a registered agent. Never rejects; a request that wants no reply is answered all the same. */
export type AnswerClient = (session: AgentSession, name: string, payload: Buffer) => Promise<RequestReply>

/** What registered agents ask and tell; registering itself is the listener's first step. */
export function createClientRequests({ service, registry, clock, log }: ClientRequestsDeps): AnswerClient {
  const handlersFor = (session: AgentSession): RequestHandlers<typeof serverRequests> => {
    const requireClient = (): string => {
      const clientId = service.clientIdOn(session.connection)
      // Its last words after a newer connection took over: nothing of it counts any more.
      if (clientId === undefined) throw new RequestRefused('this connection was replaced by a newer one')
      return clientId
    }
    return {
      newConnection() {
        throw new RequestRefused('unexpected connection request. please reconnect')
      },
      ping: () => service.onAlive(session),
      ipAddresses: (addresses) =>
        registry.update(requireClient(), { ipAddresses: { ...addresses, updatedAt: toTimeText(clock.now()) } }),
      updatesStatus: (updatesStatus) => registry.update(requireClient(), { updatesStatus }),
    }
  }
  return async (session, name, payload) => {
    const outcome = await dispatchRequest({
      requests: serverRequests,
      handlers: handlersFor(session),
      name,
      payload: payload.toString('utf8'),
      onBug: (error) =>
        log.error({ clientAuthId: session.clientAuthId, request: name, error }, 'request of an agent failed'),
    })
    return { ok: outcome.ok, payload: Buffer.from(outcome.payload) }
  }
}
