import { connect } from 'node:net'
import { errorCode, errorMessage, joinHostPort } from '@rport/kit'
import type { CheckPort, PortState } from '@rport/protocol'
import type { TargetPermission } from './target-permission.ts'

const DEFAULT_TIMEOUT_MS = 2000
/** compat: texts of the original's runtime; the server shows them to its users. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'connect: connection reset by peer',
}

/**
 * Tries a TCP connection and hangs up at once. `tunnel_allowed` holds here, too: a question about a port must not be a way
 * to look around in the agent's network.
 */
export async function checkPort(ask: CheckPort, permission: TargetPermission): Promise<PortState> {
  const closed = (reason: string): PortState => ({ open: false, error: reason })
  const shown = `dial tcp ${joinHostPort(ask.host, ask.port)}`
  let target: Awaited<ReturnType<TargetPermission['judge']>>
  try {
    target = await permission.judge(ask)
  } catch (error) {
    return closed(`${shown}: ${errorMessage(error)}`)
  }
  if (!target) return closed(`${shown}: not allowed with "tunnel_allowed" config`)
  const { dialHost, port } = target
  return new Promise((resolve) => {
    const socket = connect({ host: dialHost, port })
    const finish = (state: PortState) => {
      socket.destroy()
      resolve(state)
    }
    socket.setTimeout(ask.timeoutMs > 0 ? ask.timeoutMs : DEFAULT_TIMEOUT_MS, () =>
      finish(closed(`${shown}: i/o timeout`)),
    )
    socket.once('connect', () => finish({ open: true, error: '' }))
    socket.once('error', (error) => {
      const code = errorCode(error) ?? ''
      finish(closed(`${shown}: ${REASONS[code] ?? error.message}`))
    })
  })
}
