import { createHash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { listen } from './ports.ts'
import type { Scope } from './scope.ts'

/** A small server that tunnels lead to. */
export interface Target {
  readonly port: number
  /** Connections that are open now. */
  readonly openConnections: number
  /** Connections since the start. */
  readonly connectionCount: number
  /** Stops listening and drops every connection, as a program does that is killed. */
  close(): void
}

async function start(scope: Scope, serve: (socket: Socket) => void, allowHalfOpen = false): Promise<Target> {
  const sockets = new Set<Socket>()
  let connectionCount = 0
  const server: Server = createServer({ allowHalfOpen }, (socket) => {
    connectionCount++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined) // a visitor may leave as he likes
    serve(socket)
  })
  const close = () => {
    server.close()
    for (const socket of sockets) socket.resetAndDestroy()
  }
  scope.add(close)
  const port = await listen(server)
  return {
    port,
    get openConnections() {
      return sockets.size
    },
    get connectionCount() {
      return connectionCount
    },
    close,
  }
}

/** Answers the first bytes with one HTTP reply and closes. */
export const startHttpTarget = (scope: Scope, body = 'hello target'): Promise<Target> =>
  start(scope, (socket) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
    socket.once('data', () => socket.end(head + body))
  })

/** Greets with `hold` and keeps the connection. */
export const startHoldTarget = (scope: Scope): Promise<Target> =>
  start(scope, (socket) => {
    socket.resume()
    socket.write('hold\n')
  })

/** Sends everything back. */
export const startEchoTarget = (scope: Scope): Promise<Target> => start(scope, (socket) => socket.pipe(socket))

/** Says the SHA-256 of everything it got, once the visitor has half-closed. */
export const startDigestTarget = (scope: Scope): Promise<Target> =>
  start(
    scope,
    (socket) => {
      const hash = createHash('sha256')
      socket.on('data', (chunk: Buffer) => hash.update(chunk))
      socket.on('end', () => socket.end(hash.digest('hex')))
    },
    true,
  )

/** Takes a connection and never reads from it: what is sent to it must pile up somewhere, within bounds. */
export const startStalledTarget = (scope: Scope): Promise<Target> => start(scope, (socket) => socket.pause())

/** Sends zeros for ever, as fast as they are taken. */
export const startEndlessTarget = (scope: Scope): Promise<Target> =>
  start(scope, (socket) => {
    const piece = Buffer.alloc(64 * 1024)
    const pour = () => {
      while (!socket.destroyed && socket.write(piece)) {
        // The loop's condition is the work: write until the socket asks for a pause.
      }
    }
    socket.on('drain', pour)
    socket.resume()
    pour()
  })
