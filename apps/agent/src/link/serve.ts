import type { Logger } from '@rport/kit'
import { agentRequests, type Capabilities, dispatchRequest, features, type RequestHandlers } from '@rport/protocol'
import { type ChannelOpen, type Connection, type KeepAlive, OWN_PEER_KEEP_ALIVE } from '@rport/transport'
import { fieldServerPolicy } from './keep-alive-policy.ts'

export interface ServeDeps {
  /** Everything the server asks but `put_capabilities`, which is the link's own. */
  readonly handlers: Omit<RequestHandlers<typeof agentRequests>, 'putCapabilities' | 'ping'>
  readonly onChannel: (open: ChannelOpen) => void
  readonly keepAlive: KeepAlive
  readonly keepAliveMs: number
  readonly keepAliveTimeoutMs: number
  /** The server has said what it can do, on this connection. */
  readonly onCapabilities?: (capabilities: Capabilities, connection: Connection) => void
  readonly log: Logger
}

/** Answers what the server asks on a connection, and watches whether it still answers us. `onAlive`: it has. */
export function serve(connection: Connection, deps: ServeDeps, onAlive: () => void): void {
  const { log } = deps
  const field = fieldServerPolicy(deps.keepAliveMs, deps.keepAliveTimeoutMs)
  // The heartbeat: every server learns from it that the client lives, as often as was configured.
  if (field) deps.keepAlive.watch(connection, field, onAlive)
  let isOwnServer = false
  const onCapabilities = (capabilities: Capabilities) => {
    deps.onCapabilities?.(capabilities, connection)
    if (capabilities.features.length === 0 || isOwnServer) return
    isOwnServer = true
    connection.announcePeerFeatures({
      halfClose: capabilities.features.includes(features.halfClose),
      zeroMask: capabilities.features.includes(features.zeroMask),
      earlyData: capabilities.features.includes(features.earlyData),
    })
    deps.keepAlive.watch(connection, OWN_PEER_KEEP_ALIVE, onAlive)
  }
  const handlers: RequestHandlers<typeof agentRequests> = {
    ...deps.handlers,
    ping: () => undefined,
    putCapabilities: onCapabilities,
  }
  connection.serve({
    onChannel: deps.onChannel,
    async onRequest(name, payload) {
      log.debug({ request: name }, 'request of the server')
      const outcome = await dispatchRequest({
        requests: agentRequests,
        handlers,
        name,
        payload: payload.toString('utf8'),
        onBug: (error) => log.error({ request: name, error }, 'request of the server failed'),
      })
      return { ok: outcome.ok, payload: Buffer.from(outcome.payload) }
    },
  })
}
