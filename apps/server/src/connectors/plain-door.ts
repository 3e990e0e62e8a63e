import { mkdtemp, rm, unlink } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorMessage, type IpNetwork, type Logger } from '@rport/kit'
import { callerOf } from '../agents/listener.ts'
import type { AnswerPlain } from '../agents/plain-desk.ts'
import { PEER_HEADER } from './plain-passage.ts'

/** Where connectors bring plain requests of the agents' port to, so that they are answered as without connectors. */
export interface PlainDoor {
  /** Opens it; only this user of the machine may enter. @returns its path */
  open(): Promise<string>
  /** Idempotent. */
  close(): Promise<void>
}

export interface PlainDoorOptions {
  readonly dataDir: string
  readonly answer: AnswerPlain
  readonly maxRequestBytes: number
  readonly trustedProxies: readonly IpNetwork[]
  readonly log: Logger
}

/** In the data folder; backups leave out what has such a name. */
const NAME = '.plain-requests.tmp'
/** A path of a socket has room for 107 bytes on Linux, 103 elsewhere. */
const MAX_PATH_BYTES = 100
/** What the header of a connector adds to those of the caller. */
const EXTRA_HEADER_BYTES = 256

/** A door that is closed still. */
export function createPlainDoor({
  dataDir,
  answer,
  maxRequestBytes,
  trustedProxies,
  log,
}: PlainDoorOptions): PlainDoor {
  const receive = (request: IncomingMessage, response: ServerResponse) => {
    takePeer(request)
    answer(request, response, callerOf(request, trustedProxies))
  }
  const server = createServer(
    { maxHeaderSize: maxRequestBytes + EXTRA_HEADER_BYTES, requireHostHeader: false },
    receive,
  )
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // The connector keeps the body back until somebody reads.
    request.once('resume', () => {
      if (!response.headersSent) response.writeContinue()
    })
    receive(request, response)
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  let folder: string | undefined

  return {
    async open() {
      let path = join(dataDir, NAME)
      if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
        folder = await mkdtemp(join(tmpdir(), 'rportd-'))
        path = join(folder, NAME)
      }
      // Of a predecessor that was killed.
      await unlink(path).catch(() => undefined)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        // Bound before `listen` returns: its mode is right from the beginning.
        const umask = process.umask(0o177)
        server.listen(path, resolve)
        process.umask(umask)
      })
      server.on('error', (error) => log.error({ error: errorMessage(error) }, 'plain requests cannot be accepted'))
      return path
    },
    async close() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** From here on the request looks as if the caller himself had sent it here. */
function takePeer(request: IncomingMessage): void {
  const [remoteAddress, remotePort] = JSON.parse(String(request.headers[PEER_HEADER] ?? '["",0]')) as [string, number]
  delete request.headers[PEER_HEADER]
  const at = request.rawHeaders.lastIndexOf(PEER_HEADER)
  if (at >= 0) request.rawHeaders.splice(at, 2)
  Object.defineProperties(request.socket, {
    remoteAddress: { configurable: true, value: remoteAddress },
    remotePort: { configurable: true, value: remotePort },
  })
}
