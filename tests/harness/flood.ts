import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { Scope } from './scope.ts'

/** Many sockets of one hostile machine, which is another address of the loopback network. */
export interface Flood {
  /** How many are open now. */
  readonly open: number
  /** Resolves when each has been accepted or turned away. */
  readonly connected: Promise<void>
}

/** Below the backlog of a listener: what the kernel would hold back does not reach the server, and is no flood. */
const WAVE = 100

/**
 * Opens sockets and says something on each as soon as it is open; the scope ends them.
 * @param from  127.0.0.x: on Linux a machine of its own, as far as a server can tell
 */
export function startFlood(
  scope: Scope,
  options: { port: number; from: string; count: number; say?: (socket: Socket) => void },
): Flood {
  const { port, from, count, say } = options
  const sockets: Socket[] = []
  let open = 0
  const visit = () => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    sockets.push(socket)
    const settled = Promise.withResolvers<void>()
    socket.on('connect', () => {
      open += 1
      socket.once('close', () => {
        open -= 1
      })
      settled.resolve()
      say?.(socket)
    })
    // Being cut off is what these tests want to see.
    socket.on('error', () => settled.resolve())
    // Answers are read and dropped: a socket whose end nobody reads is never over.
    socket.resume()
    return settled.promise
  }
  const visitAll = async () => {
    for (let left = count; left > 0; left -= WAVE) {
      await Promise.all(Array.from({ length: Math.min(WAVE, left) }, visit))
    }
  }
  scope.add(() => {
    for (const socket of sockets) socket.destroy()
  })
  return {
    get open() {
      return open
    },
    connected: visitAll(),
  }
}

/** Memory that a process occupies, in bytes. Linux only. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}
