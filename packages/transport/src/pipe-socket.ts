import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Clock, systemClock, type Timer } from '@rport/kit'
import type { Channel, Lease } from './channel.ts'
import { readSocket } from './socket-reads.ts'
import { SocketSink } from './socket-sink.ts'

export interface SocketPipe {
  /** Ends both at once. Idempotent. */
  close(): void
  /** Settles when both are over; never rejects. */
  readonly closed: Promise<void>
}

export interface PipeOptions {
  /** Called for bytes of either direction, before they go on. */
  readonly onBytes?: () => void
  readonly clock?: Clock
  /** Leaves the buffers of the socket to the runtime, as with TLS: see readSocket. */
  readonly readPlainly?: boolean
}

/** After one side is gone, what it sent last gets this long to leave towards the other. */
const LINGER_MS = 30_000
/** After everything has left, a socket gets this long to end its own direction: closing it earlier resets the connection. */
const FAREWELL_MS = 2000

const ignore = () => undefined

/**
 * The runtime may keep a closed socket until its next full collection, and all that listens to it: with many short connections that was most of
 * what the collector had to move. After its close it says nothing more.
 */
function letGo(socket: Socket): void {
  socket.removeAllListeners()
  socket.on('error', ignore)
}

/**
 * Joins a socket and a channel without streams between them. Owns both: the end of either ends the other, after what has
 * arrived was delivered. The socket should be paused and created with `allowHalfOpen`; it may still be connecting.
 *
 * Back-pressure: the socket is read only while the channel takes more; the peer's window opens again only when its bytes have
 * left towards the socket. So a reader that stalls costs one window and one queue, whatever is sent at it.
 */
export function pipeSocket(socket: Socket, channel: Channel, options: PipeOptions = {}): SocketPipe {
  const clock = options.clock ?? systemClock
  const { onBytes } = options
  const sink = new SocketSink(socket, (byteCount) => channel.consumed(byteCount))
  let linger: Timer | undefined
  let hasEnded = false
  let isOver = false
  let settle: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    settle = resolve
  })

  const finish = () => {
    if (isOver) return
    isOver = true
    linger?.cancel()
    channel.close({ abort: true })
    socket.destroy()
    settle()
  }
  const finishWithin = (delayMs: number) => {
    linger?.cancel()
    if (!isOver) linger = clock.setTimeout(finish, delayMs, { background: true })
  }

  channel.onData = (bytes, lease) => {
    onBytes?.()
    sink.write(bytes, lease)
  }
  channel.onEof = () => {
    // Nothing comes and nothing goes any more: closing says the same as an end, and costs less. TLS has its own goodbye.
    if (hasEnded && sink.isEmpty && !(socket instanceof TLSSocket)) socket.destroy()
    else sink.end()
  }
  channel.onDrain = () => {
    if (!isOver) socket.resume()
  }
  channel.onClose = () => {
    if (isOver) return
    // What the peer sent before it closed still belongs to the reader; what the reader says now is nobody's.
    if (socket.destroyed || channel.refusal) return finish()
    finishWithin(LINGER_MS)
    socket.once('finish', () => finishWithin(FAREWELL_MS))
    if (socket.writableFinished) finishWithin(FAREWELL_MS)
    sink.end()
    socket.resume()
  }

  const onArrival = (bytes: Buffer, lease: Lease) => {
    if (!channel.isOpen) return
    onBytes?.()
    if (!channel.send(bytes, lease)) socket.pause()
  }
  readSocket(socket, onArrival, options.readPlainly)
  socket.on('end', () => {
    hasEnded = true
    channel.sendEof()
  })
  socket.on('error', finish)
  socket.on('close', () => {
    letGo(socket)
    // A socket that has ended well may leave bytes behind that are still on their way to the peer.
    if (!hasEnded || isOver || (!channel.isOpen && channel.queuedBytes === 0)) return finish()
    channel.close()
    finishWithin(LINGER_MS)
  })
  if (socket.destroyed) finish()
  else socket.resume()

  return { close: finish, closed }
}
