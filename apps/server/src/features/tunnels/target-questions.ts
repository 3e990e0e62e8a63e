import { isVersionAtLeast } from '@rport/kit'
import { checkPort, checkTunnelAllowed, type PortState, type RemoteRecord } from '@rport/protocol'
import type { Connection } from '@rport/transport'
import { AgentError, askAgent } from '../../agents/ask-agent.ts'

/** How long an agent may think about a question that needs a name look-up at most. */
export const QUESTION_TIMEOUT_MS = 10_000
/** What the agent gets beyond the time that it may spend on dialling. */
const CHECK_PORT_SLACK_MS = 5000
/** Agents before this one do not know `check_tunnel_allowed`. */
const FIRST_VERSION_WITH_PERMISSION = '0.6.4'

type Asked = Pick<Connection, 'request'>

/**
 * Whether the agent's own configuration lets a tunnel lead to this target. An agent that does not know the question has
 * nothing against it.
 * @throws AgentError
 */
export async function isTargetAllowed(connection: Asked, remote: RemoteRecord, signal?: AbortSignal): Promise<boolean> {
  const target = { host: remote.targetHost, port: remote.targetPort }
  const options = { timeoutMs: QUESTION_TIMEOUT_MS, ...(signal && { signal }) }
  try {
    return await askAgent(connection, checkTunnelAllowed, target, options)
  } catch (error) {
    if (error instanceof AgentError && error.code === 'unknown') return true
    throw error
  }
}

/** Whether agents of this version can be asked for permission. A version that is none cannot tell. */
export const asksForPermission = (version: string): boolean => isVersionAtLeast(version, FIRST_VERSION_WITH_PERMISSION)

/**
 * Whether something listens at the target, as seen from the agent.
 * @param timeoutMs  how long the agent may try
 * @throws AgentError
 */
export function askPort(connection: Asked, remote: RemoteRecord, timeoutMs: number): Promise<PortState> {
  const ask = { host: remote.targetHost, port: remote.targetPort, timeoutMs }
  return askAgent(connection, checkPort, ask, { timeoutMs: timeoutMs + CHECK_PORT_SLACK_MS })
}
