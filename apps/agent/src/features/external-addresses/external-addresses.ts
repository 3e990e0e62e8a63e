import { type Clock, errorMessage, type Logger, type Timer } from '@rport/kit'
import { type Capabilities, ipAddresses } from '@rport/protocol'
import type { Connection } from '@rport/transport'

export interface ExternalAddressesDeps {
  /** `client.ip_api_url`; undefined: nobody is asked. */
  readonly url: string | undefined
  /** Between two questions, in milliseconds; 0: nobody is asked. */
  readonly refreshMs: number
  /** Asks over one family. @throws when there is no answer */
  readonly ask: (url: string, family: 4 | 6) => Promise<string>
  readonly clock: Clock
  readonly log: Logger
}

export interface ExternalAddresses {
  /** A server has said what it can do: from now on it is told, over this connection, if it wants to know. */
  onCapabilities(capabilities: Capabilities, connection: Connection): void
  /** Ends the questions. Idempotent. */
  close(): void
}

/**
 * Tells the server once on each connection, and again when something has changed. One family that does not answer leaves
 * the other: most machines have only one (trap 13 of the original, which then told nothing).
 */
export function createExternalAddresses(deps: ExternalAddressesDeps): ExternalAddresses {
  const { url, refreshMs, clock, log } = deps
  let listener: Connection | undefined
  let told: string | undefined
  let timer: Timer | undefined
  let isAsking = false
  let isClosed = false
  let hasFailed = false

  const askFor = async (family: 4 | 6): Promise<string> => (url === undefined ? '' : deps.ask(url, family))

  const look = async (): Promise<void> => {
    const [ipv4, ipv6] = await Promise.allSettled([askFor(4), askFor(6)])
    if (ipv4.status === 'rejected' && ipv6.status === 'rejected') {
      const reasons = { ipv4: errorMessage(ipv4.reason), ipv6: errorMessage(ipv6.reason) }
      if (!hasFailed) log.warn(reasons, 'external addresses not found out: look at client.ip_api_url')
      hasFailed = true
      return
    }
    hasFailed = false
    const found = {
      ipv4: ipv4.status === 'fulfilled' ? ipv4.value : '',
      ipv6: ipv6.status === 'fulfilled' ? ipv6.value : '',
    }
    const payload = ipAddresses.ask.encode({ ...found, updatedAt: '', error: '' })
    if (!listener || listener.isClosed || payload === told) return
    listener.notify(ipAddresses.name, payload)
    told = payload
    log.debug(found, 'external addresses told')
  }

  /** One question at a time, whoever wants to know; the next after the refresh time. */
  const ask = async (): Promise<void> => {
    timer?.cancel()
    timer = undefined
    if (isAsking || isClosed || !listener || listener.isClosed) return
    isAsking = true
    await look()
    isAsking = false
    // Asked again by the next connection, should this one be gone by then.
    if (!isClosed) timer = clock.setTimeout(() => void ask(), refreshMs, { background: true })
  }

  return {
    onCapabilities(capabilities, connection) {
      if (url === undefined || refreshMs <= 0 || capabilities.ipAddressesVersion === 0) return
      if (listener === connection) return
      listener = connection
      told = undefined
      void ask()
    },
    close() {
      isClosed = true
      timer?.cancel()
      timer = undefined
    },
  }
}
