import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { type Clock, errorCode, sleep } from '@rport/kit'
import { AGENTS_PORT } from '../agents/listener.ts'
import { listenFault } from '../sockets/index.ts'
import type { ListeningAt } from './messages.ts'

/** Connectors of a server that was killed leave within this time. */
const LEAVING_MS = 3000
const PAUSE_MS = 100

/**
 * Makes sure that nobody has the port: connectors share it, and would share it with another server without a word. So it is taken for
 * a moment by a listener that shares with nobody.
 * @returns the address with its true port, where 0 was asked for
 * @throws  StartError
 */
export async function requireFreePort(listen: ListeningAt, clock: Clock): Promise<ListeningAt> {
  const giveUpAt = clock.monotonic() + LEAVING_MS
  for (;;) {
    try {
      return { host: listen.host, port: await takeOnce(listen) }
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE' || clock.monotonic() >= giveUpAt)
        throw listenFault(AGENTS_PORT, listen, error)
    }
    await sleep(clock, PAUSE_MS)
  }
}

function takeOnce({ host, port }: ListeningAt): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, exclusive: true, ...(host === '' ? {} : { host }) }, () => {
      const bound = server.address() as AddressInfo
      server.close(() => resolve(bound.port))
    })
  })
}
