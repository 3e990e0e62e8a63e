import { connect, createServer, type Socket } from 'node:net'
import { listen } from '../ports.ts'
import type { Scope } from '../scope.ts'

/** What a SOCKS5 proxy of the tests does where proxies of the field differ. */
export interface SocksVariant {
  /** The method it insists on: 0 none, 2 user and password, 255 none of those offered. */
  method?: 0 | 2 | 255
  /** Answer to the request: 0 granted. */
  reply?: number
  /** Where each name leads; it resolves no other. */
  names?: Readonly<Record<string, number>>
  /** The address type it answers with: 1 IPv4, 3 name, 4 IPv6. */
  boundType?: 1 | 3 | 4
}

const BOUND = { 1: '01000000000000', 3: '03036162630000', 4: `04${'00'.repeat(16)}0000` } as const

/** Starts a SOCKS5 proxy that keeps what it was asked and told; the scope closes it. */
export async function startSocksVariant(
  scope: Scope,
  variant: SocksVariant,
): Promise<{ port: number; asked: string[]; logins: string[] }> {
  const asked: string[] = []
  const logins: string[] = []
  const serve = async (socket: Socket) => {
    const method = variant.method ?? 0
    await read(socket, (await read(socket, 2))[1] ?? 0)
    socket.write(Buffer.from([5, method]))
    if (method === 255) {
      socket.end()
      return
    }
    if (method === 2) {
      const user = await read(socket, (await read(socket, 2))[1] ?? 0)
      const password = await read(socket, (await read(socket, 1))[0] ?? 0)
      logins.push(`${user}:${password}`)
      socket.write(Buffer.from([1, 0]))
    }
    const type = (await read(socket, 4))[3]
    if (type !== 3) throw new Error(`address type ${type}: names are for the proxy to resolve`)
    const name = (await read(socket, (await read(socket, 1))[0] ?? 0)).toString()
    const port = (await read(socket, 2)).readUInt16BE()
    asked.push(`${name}:${port}`)
    const target = variant.names?.[name]
    const reply = target === undefined ? 4 : (variant.reply ?? 0)
    socket.write(Buffer.from(`05${reply.toString(16).padStart(2, '0')}00${BOUND[variant.boundType ?? 1]}`, 'hex'))
    if (reply !== 0 || target === undefined) {
      socket.end()
      return
    }
    const far = connect(target, '127.0.0.1')
    far.on('error', () => socket.destroy())
    far.on('close', () => socket.destroy())
    socket.on('close', () => far.destroy())
    far.pipe(socket)
    socket.pipe(far)
  }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined) // whoever comes may leave as he likes
    socket.on('close', () => sockets.delete(socket))
    serve(socket).catch(() => socket.destroy())
  })
  scope.add(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: await listen(server), asked, logins }
}

/** Exactly so many bytes. */
async function read(socket: Socket, byteCount: number): Promise<Buffer> {
  if (byteCount === 0) return Buffer.alloc(0)
  for (;;) {
    const bytes = socket.read(byteCount) as Buffer | null
    if (bytes) return bytes
    if (socket.destroyed || socket.readableEnded) throw new Error('the socket ended early')
    await new Promise<void>((resolve) => {
      const look = () => {
        socket.removeListener('readable', look)
        socket.removeListener('close', look)
        resolve()
      }
      socket.on('readable', look)
      socket.on('close', look)
    })
  }
}
