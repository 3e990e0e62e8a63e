import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** Larger writes may well find too little room, and are few: they can bear what a stream costs. */
const MAX_BYTES = 16 * 1024

/**
 * Puts `bytes[from, to)` into the socket now, past its stream, as far as the kernel has room.
 * @returns how many bytes it took; the rest, maybe all, is to be given to the stream
 */
export type WriteAtOnce = (bytes: Buffer, from: number, to: number) => number

const takesNothing: WriteAtOnce = () => 0

/**
 * A way past the stream for small writes to a plain TCP socket (docs/adr/0019-writing-sockets.md). Order is kept: while the stream
 * holds anything, it takes everything. What fails is left to the stream, too, which meets the same failure and tells its owner.
 */
export function writeAtOnce(socket: Duplex): WriteAtOnce {
  if (!(socket instanceof Socket) || socket instanceof TLSSocket || process.platform === 'win32') return takesNothing
  const { _handle: sample } = socket as unknown as WithHandle
  if (sample && typeof sample.fd !== 'number') return takesNothing
  return (bytes, from, to) => {
    const size = to - from
    // A socket without a handle has been closed, and its number may be another's by now.
    const { _handle: handle } = socket as unknown as WithHandle
    if (!handle || size > MAX_BYTES || socket.connecting || socket.destroyed) return 0
    if (socket.writableLength > 0 || socket.writableEnded || socket.writableCorked > 0) return 0
    const { fd } = handle
    if (fd === undefined || fd < 0) return 0
    try {
      return writeSync(fd, bytes, from, size)
    } catch {
      return 0 // no room, or no peer: the stream finds out which
    }
  }
}

/** What the runtime keeps below a socket. */
interface WithHandle {
  readonly _handle: { readonly fd?: number } | null
}
