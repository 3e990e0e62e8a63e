import type { AuditEvent } from './audit-event.ts'
import { agentKinds } from './audit-vocabulary.ts'

/** An agent logged in with a wrong password, or with a client auth id that nobody knows. */
export const agentLoginFailedEvent = (clientAuthId: string, address: string): AuditEvent => ({
  application: agentKinds.application,
  action: agentKinds.failed,
  affectedId: clientAuthId,
  address,
})

/** An agent came with the id of a client that belongs to another credential. */
export const foreignIdEvent = (attempt: {
  readonly clientId: string
  readonly clientAuthId: string
  readonly ownerClientAuthId: string
  readonly address: string
}): AuditEvent => ({
  application: agentKinds.application,
  action: agentKinds.foreign,
  affectedId: attempt.clientAuthId,
  clientId: attempt.clientId,
  address: attempt.address,
  request: { reason: 'the client id belongs to another credential', owner: attempt.ownerClientAuthId },
})
