import type { Socket } from 'node:net'
import type { Channel } from '@rport/transport'

/** The plainest pump there is: no back-pressure, both directions end together. */
export function simplePipe(socket: Socket, channel: Channel): { close(): void; closed: Promise<void> } {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const close = () => {
    socket.end()
    channel.close()
    resolve()
  }
  channel.onData = (bytes) => void socket.write(bytes)
  channel.onClose = close
  socket.on('data', (bytes) => channel.send(bytes as Buffer))
  socket.once('end', close)
  socket.once('close', close)
  socket.resume()
  return { close, closed }
}
