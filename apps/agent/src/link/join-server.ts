import { type Clock, formatDuration, type Logger } from '@rport/kit'
import type { Connection } from '@rport/transport'
import type { LinkReport } from './link-report.ts'
import { type RegistrationDeps, register } from './registration.ts'
import { type ServeDeps, serve } from './serve.ts'

export interface JoinDeps extends ServeDeps {
  /** Connects to a server and logs in, once. */
  readonly dial: (server: string, signal: AbortSignal) => Promise<Connection>
  readonly registration: RegistrationDeps
  readonly report: LinkReport
  readonly clock: Clock
  readonly log: Logger
}

/** A connection on which this client is registered and serves. */
export interface LiveLink {
  readonly server: string
  readonly connection: Connection
}

/**
 * Dials a server, serves it and registers with it. `dialling` ends the attempt until the login is through; after that only
 * `life` does: a server that takes an agent over may end its older connection before it answers the newer one.
 * @returns a link whose connection the caller closes
 * @throws  TransportError, RegistrationRefused; the connection is closed then
 */
export async function joinServer(
  server: string,
  deps: JoinDeps,
  { dialling, life }: { dialling: AbortSignal; life: AbortSignal },
): Promise<LiveLink> {
  const { clock, log, report } = deps
  const startedAt = clock.monotonic()
  const connection = await deps.dial(server, dialling)
  const onAbort = () => connection.close('the agent stops')
  life.addEventListener('abort', onAbort, { once: true })
  if (life.aborted) onAbort()
  try {
    serve(connection, deps, () => report.alive(server))
    const remotes = await register(connection, deps.registration)
    const withinMs = Math.round(clock.monotonic() - startedAt)
    log.info({ server, within: formatDuration(withinMs), tunnels: remotes.length }, 'connected')
    report.connected(server, withinMs)
    return { server, connection }
  } catch (error) {
    // A refused registration leaves the connection to us (trap 23 seen from the other side).
    connection.close('over')
    throw error
  } finally {
    life.removeEventListener('abort', onAbort)
  }
}
