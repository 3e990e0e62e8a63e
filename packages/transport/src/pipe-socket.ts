import type { Socket } from 'node:net'
import type { Channel, Lease } from './channel.ts'

export interface SocketPipe {
  /** Ends both at once. Idempotent. */
  close(): void
  /** Settles when both are over; never rejects. */
  readonly closed: Promise<void>
}

/** After the channel is gone, its last bytes get this long to leave towards a reader that is slow. */
const LINGER_MS = 30_000

/**
 * Joins a socket and a channel without streams between them. Owns both: the end of either ends the other, after what has
 * arrived was delivered. The socket should be paused and created with `allowHalfOpen`.
 *
 * Back-pressure: the socket is read only while the channel takes more; the peer's window opens again only when its bytes have
 * left towards the socket. So a reader that stalls costs one window and one queue, whatever is sent at it.
 */
export function pipeSocket(socket: Socket, channel: Channel, options: { onBytes?: () => void } = {}): SocketPipe {
  const held: { byteCount: number; release(): void }[] = []
  let isOver = false
  let settle: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    settle = resolve
  })

  const onWritten = () => {
    const first = held.shift()
    if (!first) return
    first.release()
    channel.consumed(first.byteCount)
  }
  const finish = () => {
    if (isOver) return
    isOver = true
    channel.close({ abort: true })
    socket.destroy()
    settle()
  }

  channel.onData = (bytes: Buffer, lease: Lease) => {
    options.onBytes?.()
    if (!socket.writable) {
      channel.consumed(bytes.length)
      return
    }
    held.push({ byteCount: bytes.length, release: lease.hold().release })
    socket.write(bytes, onWritten)
  }
  channel.onEof = () => socket.end()
  channel.onDrain = () => socket.resume()
  channel.onClose = () => {
    socket.pause()
    socket.removeAllListeners('data')
    socket.removeAllListeners('end')
    if (socket.destroyed) return finish()
    // What the peer sent before it closed still belongs to the reader.
    const linger = setTimeout(finish, LINGER_MS)
    linger.unref()
    socket.once('finish', finish)
    socket.once('close', () => clearTimeout(linger))
    socket.end()
    if (socket.writableFinished) finish()
  }

  socket.on('data', (bytes: Buffer) => {
    options.onBytes?.()
    if (!channel.send(bytes)) socket.pause()
  })
  socket.on('end', () => channel.sendEof())
  socket.on('error', finish)
  socket.on('close', finish)
  if (socket.destroyed) finish()
  else socket.resume()

  return { close: finish, closed }
}
