import { apiError } from '@rport/api'
import { errorMessage, type Logger, MS_PER_SECOND } from '@rport/kit'
import { type ClientMetadata, updateClientMetadata } from '@rport/protocol'
import { AgentError, askAgent } from '../../agents/ask-agent.ts'
import type { Connections } from '../../agents/connections.ts'
import type { AgentSession } from './client-registration.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { ClientService } from './client-service.ts'

/** An agent writes one small file. */
const ANSWER_TIMEOUT_MS = 15 * MS_PER_SECOND

/** Tags and labels of clients; the agent keeps them, the server remembers what an absent one has to be told. */
export interface ClientAttributes {
  /**
   * Replaces both. A connected client has to agree first; one that is away is told when it comes back.
   * @throws ApiError client_refused, client_did_not_answer; nothing has changed then
   */
  update(clientId: string, attributes: ClientMetadata): Promise<void>
  /** Tells a client that has just come what was decided while it was away. Never rejects. */
  deliver(session: AgentSession): Promise<void>
}

export interface ClientAttributesDeps {
  readonly registry: Pick<ClientRegistry, 'find' | 'update'>
  readonly connections: Pick<Connections, 'find'>
  readonly service: Pick<ClientService, 'clientIdOn'>
  readonly log: Logger
}

export function createClientAttributes(deps: ClientAttributesDeps): ClientAttributes {
  const { registry, connections, service, log } = deps
  return {
    async update(clientId, attributes) {
      const connection = connections.find(clientId)
      const { tags, labels } = attributes
      if (!connection) {
        await registry.update(clientId, { tags, labels, pendingAttributes: attributes })
        log.info({ clientId }, 'attributes kept for a client that is away')
        return
      }
      await askAgent(connection, updateClientMetadata, attributes, { timeoutMs: ANSWER_TIMEOUT_MS }).catch((error) =>
        throwAsApiError(error, clientId),
      )
      await registry.update(clientId, { tags, labels, pendingAttributes: null })
      log.info({ clientId }, 'attributes of a client replaced')
    },

    async deliver({ connection }) {
      const clientId = service.clientIdOn(connection)
      const pending = clientId === undefined ? null : (registry.find(clientId)?.pendingAttributes ?? null)
      if (clientId === undefined || pending === null) return
      try {
        await askAgent(connection, updateClientMetadata, pending, { timeoutMs: ANSWER_TIMEOUT_MS })
        // Somebody may have decided something else meanwhile.
        if (registry.find(clientId)?.pendingAttributes !== pending) return
        await registry.update(clientId, { tags: pending.tags, labels: pending.labels, pendingAttributes: null })
        log.info({ clientId }, 'attributes delivered to a client that was away')
      } catch (error) {
        log.warn({ clientId, reason: errorMessage(error) }, 'client did not take the attributes it was given meanwhile')
        const isFinal = error instanceof AgentError && error.code !== 'no-answer'
        // Its own ones hold: it has nowhere to keep others. Without an answer they are offered again the next time.
        if (!isFinal) return
        await registry.update(clientId, { pendingAttributes: null }).catch((failure: unknown) => {
          log.error({ clientId, error: errorMessage(failure) }, 'attributes of a client could not be stored')
        })
      }
    },
  }
}

function throwAsApiError(error: unknown, clientId: string): never {
  if (!(error instanceof AgentError)) throw error
  if (error.code === 'no-answer') throw apiError('client_did_not_answer', { clientId }, { cause: error })
  throw apiError('client_refused', { reason: error.message }, { cause: error })
}
