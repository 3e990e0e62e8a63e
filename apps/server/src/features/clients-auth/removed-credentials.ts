import { type Clock, errorMessage, type Logger, type Timer } from '@rport/kit'
import type { Connections } from '../../agents/connections.ts'
import type { ClientAuthDirectory } from './client-auth-directory.ts'

export interface RemovedCredentialsDeps {
  readonly directory: Pick<ClientAuthDirectory, 'existing' | 'recheckMs'>
  readonly connections: Pick<Connections, 'list'>
  readonly clock: Clock
  readonly log: Logger
}

/** Ends the connections of credentials that are not there any more, whoever removed them. */
export interface RemovedCredentials {
  /** Looks now. A look that is under way is followed by another. Never rejects. */
  look(): Promise<void>
  /** Looks again and again, as often as the directory asks for. */
  start(): void
  stop(): void
}

/** Looks at nothing before `start` or `look`. */
export function createRemovedCredentials(deps: RemovedCredentialsDeps): RemovedCredentials {
  const { directory, connections, clock, log } = deps
  let last = Promise.resolve()
  let timer: Timer | undefined

  const lookOnce = async () => {
    const inUse = new Set<string>()
    // Agents without credentials have none that could be removed.
    for (const [, connection] of connections.list()) if (connection.user !== '') inUse.add(connection.user)
    if (inUse.size === 0) return
    const there = await directory.existing([...inUse])
    for (const [clientId, connection] of [...connections.list()]) {
      const clientAuthId = connection.user
      if (!inUse.has(clientAuthId) || there.has(clientAuthId)) continue
      log.info({ clientId, clientAuthId }, 'connection ended: its credential was removed')
      connection.close('the client auth id was removed')
    }
  }
  const look = () => {
    last = last.then(lookOnce).catch((error: unknown) => {
      // Whoever is connected stays: a database that cannot be asked has removed nobody.
      log.debug({ error: errorMessage(error) }, 'credentials in use could not be looked up')
    })
    return last
  }

  return {
    look,
    start() {
      if (directory.recheckMs === undefined || timer) return
      let isLooking = false
      const run = () => {
        if (isLooking) return
        isLooking = true
        void look().finally(() => {
          isLooking = false
        })
      }
      timer = clock.setInterval(run, directory.recheckMs, { background: true })
    },
    stop() {
      timer?.cancel()
      timer = undefined
    },
  }
}
