import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StartError } from '@rport/host'
import { errorMessage, type Logger, MS_PER_SECOND } from '@rport/kit'
import type { PendingProofs } from './pending-proofs.ts'

const PREFIX = '/.well-known/acme-challenge/'
const TIMEOUT_MS = 5 * MS_PER_SECOND
const MAX_HEADER_BYTES = 8192
const MAX_CONNECTIONS = 256

/** The port on which an authority looks for proofs. */
export interface ChallengeListener {
  /** @throws StartError when the port cannot be had */
  start(port: number): Promise<{ port: number }>
  /** Idempotent. */
  close(): Promise<void>
}

/**
 * Answers http-01; everybody else is sent to the same path of `redirectTo`.
 * @param redirectTo  origin such as `https://rport.example.com`; never taken from the request
 */
export function createChallengeListener(deps: {
  readonly proofs: Pick<PendingProofs, 'findText'>
  readonly redirectTo: string
  readonly log: Logger
}): ChallengeListener {
  const { proofs, redirectTo, log } = deps
  const server: Server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      keepAliveTimeout: TIMEOUT_MS,
      connectionsCheckingInterval: MS_PER_SECOND,
    },
    (request, response) => {
      response.setHeader('connection', 'close')
      const path = request.url ?? '/'
      const text = path.startsWith(PREFIX) ? proofs.findText(path.slice(PREFIX.length)) : undefined
      if (text !== undefined) {
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(text)
      } else if (path.startsWith(PREFIX) || !path.startsWith('/')) {
        response.writeHead(404).end()
      } else {
        response.writeHead(301, { location: `${redirectTo}${path}` }).end()
      }
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  server.setTimeout(TIMEOUT_MS * 2)
  server.on('clientError', (_error, socket) => socket.destroy())
  return {
    async start(port) {
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject)
          server.listen({ port }, () => {
            server.removeListener('error', reject)
            resolve()
          })
        })
      } catch (error) {
        throw new StartError(
          `cannot listen on port ${port} for the certificate authority: ${errorMessage(error)}. Correct [server] acme_http_port, or set it to 0 to prove the name on the port of the API.`,
        )
      }
      server.on('error', (error) => log.error({ error: errorMessage(error) }, 'cannot accept the authority'))
      return { port: (server.address() as AddressInfo).port }
    },
    async close() {
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
