import type { Socket } from 'node:net'
import { type Admission, isForwarded } from '../agents/admission.ts'
import type { Line } from './line.ts'
import type { ConnectorSays, MainSays } from './messages.ts'

/** Has the main process decide, which sees the callers of all connectors. */
export interface RemoteAdmission extends Admission {
  /** The main process wants this socket closed. */
  drop(socket: number): void
}

/** A socket is told when it comes; the answer, if there is one, is that it must go: nobody waits for it. */
export function createRemoteAdmission(line: Line<ConnectorSays, MainSays>): RemoteAdmission {
  const sockets = new Map<number, Socket>()
  const numbers = new WeakMap<Socket, number>()
  let lastNumber = 0

  const settle = (number: number) => {
    if (sockets.delete(number)) line.mention('settled', { socket: number })
  }

  return {
    arrived(socket) {
      lastNumber += 1
      const number = lastNumber
      sockets.set(number, socket)
      numbers.set(socket, number)
      // Whoever asks for something follows within a moment; whoever is silent may be counted a moment later.
      line.mention('arrived', { socket: number, address: socket.remoteAddress ?? '' })
      socket.once('close', () => settle(number))
      return true
    },
    async judge(caller) {
      const { address, isAgent } = caller
      const number = numbers.get(caller.socket) ?? 0
      const question = { socket: number, address, isForwarded: isForwarded(caller), isAgent }
      const verdict = await line.ask('judge', question)
      if (verdict === 'banned' || verdict === 'limit') return { outcome: verdict }
      return { outcome: 'admitted', origin: verdict, release: () => settle(number) }
    },
    login: (clientAuthId, password, address) => line.ask('login', { clientAuthId, password, address }),
    drop: (number) => void sockets.get(number)?.destroy(),
  }
}
