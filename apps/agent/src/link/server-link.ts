import { type Clock, errorMessage, formatDuration, type Logger, sleep } from '@rport/kit'
import { agentRequests, type Capabilities, dispatchRequest, features, type RequestHandlers } from '@rport/protocol'
import { type ChannelOpen, type CloseReason, type Connection, type KeepAlive, TransportError } from '@rport/transport'
import { fieldServerPolicy, ownServerPolicy } from './keep-alive-policy.ts'
import { type RegistrationDeps, RegistrationRefused, register } from './registration.ts'
import { retryDelayMs, SETTLED_MS } from './retry-delay.ts'

export interface ServerLinkDeps {
  /** Connects and logs in, once. */
  readonly dial: (signal: AbortSignal) => Promise<Connection>
  readonly registration: RegistrationDeps
  /** Everything the server asks but `put_capabilities`, which is the link's own. */
  readonly handlers: Omit<RequestHandlers<typeof agentRequests>, 'putCapabilities' | 'ping'>
  readonly onChannel: (open: ChannelOpen) => void
  readonly keepAlive: KeepAlive
  readonly keepAliveMs: number
  readonly keepAliveTimeoutMs: number
  /** -1 = no limit. */
  readonly maxRetryCount: number
  readonly maxRetryIntervalMs: number
  /** Server address, for the log. */
  readonly serverText: string
  readonly clock: Clock
  readonly log: Logger
  readonly random?: () => number
}

export interface ServerLink {
  /** Connects, and connects again, until `signal` aborts or the retries are used up. Never rejects. */
  run(signal: AbortSignal): Promise<'stopped' | 'gave-up'>
}

/** The agent's life: dial, register, serve until the end of the connection, wait, again. An agent is never lost. */
export function createServerLink(deps: ServerLinkDeps): ServerLink {
  const { clock, log, maxRetryCount, maxRetryIntervalMs } = deps
  const random = deps.random ?? Math.random

  /** @returns how long the registered connection lasted and why it ended */
  const connectOnce = async (signal: AbortSignal): Promise<{ lastedMs: number; reason: CloseReason }> => {
    const startedAt = clock.monotonic()
    const connection = await deps.dial(signal)
    const onAbort = () => connection.close('the agent stops')
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      serve(connection, deps)
      const remotes = await register(connection, deps.registration)
      const connectedAt = clock.monotonic()
      log.info(
        {
          server: deps.serverText,
          within: formatDuration(Math.round(connectedAt - startedAt)),
          tunnels: remotes.length,
        },
        'connected',
      )
      const reason = await connection.closed
      return { lastedMs: clock.monotonic() - connectedAt, reason }
    } finally {
      signal.removeEventListener('abort', onAbort)
      // A refused registration leaves the connection to us (trap 23 seen from the other side).
      connection.close('over')
    }
  }

  return {
    async run(signal) {
      for (let attempt = 0; ; attempt += 1) {
        try {
          const { lastedMs, reason } = await connectOnce(signal)
          if (lastedMs >= SETTLED_MS) attempt = 0
          if (!signal.aborted) log.warn({ server: deps.serverText, reason: reason.text }, 'disconnected')
        } catch (error) {
          if (!signal.aborted) log.warn({ server: deps.serverText, reason: explain(error) }, 'connection failed')
        }
        if (signal.aborted) return 'stopped'
        if (maxRetryCount >= 0 && attempt >= maxRetryCount) {
          log.error({ retries: attempt }, 'maximum of retries reached, giving up (connection.max_retry_count)')
          return 'gave-up'
        }
        const delayMs = retryDelayMs(attempt, maxRetryIntervalMs, random)
        log.info({ wait: formatDuration(Math.round(delayMs)), attempt: attempt + 1 }, 'retrying')
        try {
          await sleep(clock, delayMs, signal)
        } catch {
          // The only reason to wake up early is the end of the program.
          return 'stopped'
        }
      }
    },
  }
}

/** What the operator should look at, by the kind of failure. */
function explain(error: unknown): string {
  if (error instanceof RegistrationRefused) return `the server refused this client: ${error.message}`
  if (!(error instanceof TransportError)) return errorMessage(error)
  if (error.code === 'fingerprint-mismatch') {
    return `${error.message}. Compare client.fingerprint with the one that the server shows; no password was sent`
  }
  if (error.code === 'auth-refused') return `${error.message}. Check client.auth`
  return error.message
}

function serve(connection: Connection, deps: ServerLinkDeps): void {
  const { log } = deps
  const field = fieldServerPolicy(deps.keepAliveMs, deps.keepAliveTimeoutMs)
  let watch = field && deps.keepAlive.watch(connection, field)
  const onCapabilities = (capabilities: Capabilities) => {
    if (capabilities.features.length === 0) return
    connection.announcePeerFeatures({
      halfClose: capabilities.features.includes(features.halfClose),
      zeroMask: capabilities.features.includes(features.zeroMask),
    })
    watch?.stop()
    watch = deps.keepAlive.watch(connection, ownServerPolicy(deps.keepAliveMs))
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
