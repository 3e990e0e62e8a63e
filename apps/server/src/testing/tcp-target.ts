import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A little TCP server on loopback for tunnels to lead to. */
export interface TcpTarget {
  readonly port: number
  readonly connections: number
  close(): Promise<void>
}

/** Sends back what it gets. */
export function startEchoTarget(): Promise<TcpTarget> {
  return startTarget((socket) => socket.pipe(socket))
}

/** Listens on loopback and lets `serve` deal with every connection. The caller closes it. */
export async function startTarget(serve: (socket: Socket) => void): Promise<TcpTarget> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined) // visitors of a test may leave any way they like
    socket.once('close', () => sockets.delete(socket))
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A visitor: connects, collects what arrives, tells how it ended. */
export interface Visitor {
  readonly socket: Socket
  /** Everything received until now. */
  text(): string
  /** Settles once the received text contains `part`. */
  received(part: string): Promise<void>
  /** Settles when the connection is over. */
  readonly ended: Promise<void>
}

export async function visit(port: number, host = '127.0.0.1'): Promise<Visitor> {
  const socket = connect({ host, port })
  let text = ''
  socket.on('error', () => undefined) // a reset is one of the ways to end
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ended])
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
  })
  const received = (part: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!text.includes(part)) return
        socket.off('data', look)
        resolve()
      }
      socket.on('data', look)
      void ended.then(() => reject(new Error(`the connection ended without ${part}`)))
      look()
    })
  return { socket, text: () => text, received, ended }
}
