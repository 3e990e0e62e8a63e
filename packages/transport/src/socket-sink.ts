import type { Socket } from 'node:net'
import { ByteRow } from './byte-row.ts'
import type { Hold, Lease } from './channel.ts'
import { OWNED_BYTES } from './lease.ts'

/** Writes under way at once. What comes on top is copied and joined: a stalled reader must not cost an object per byte. */
const MAX_WRITES = 64
/** Up to here a copy costs less than keeping the buffer that the bytes came in, and a stalled reader keeps no large one for a few of them. */
const COPIED_BYTES = 2048

/** Bytes on their way into a socket. Says of each when it has left, or never will. */
export class SocketSink {
  readonly #socket: Socket
  readonly #onLeft: (byteCount: number) => void
  readonly #later = new ByteRow()
  /** Writes under way, oldest first: the socket finishes them in order. */
  readonly #writes: { byteCount: number; hold: Hold }[] = []
  #isCorked = false
  #wantsEnd = false

  constructor(socket: Socket, onLeft: (byteCount: number) => void) {
    this.#socket = socket
    this.#onLeft = onLeft
  }

  /** Takes the bytes, which stay leased until they have left. A socket that takes nothing any more swallows them. */
  write(bytes: Buffer, lease: Lease): void {
    if (!this.#socket.writable) this.#onLeft(bytes.length)
    else if (this.#writes.length < MAX_WRITES && this.#later.byteCount === 0) {
      if (bytes.length <= COPIED_BYTES) this.#send(Buffer.from(bytes), OWNED_BYTES.hold())
      else this.#send(bytes, lease.hold())
    } else this.#later.push(bytes)
  }

  /** Nothing is on its way. */
  get isEmpty(): boolean {
    return this.#writes.length === 0 && this.#later.byteCount === 0
  }

  /** Ends the socket's writable side after what was written before. */
  end(): void {
    this.#wantsEnd = true
    if (this.#later.byteCount === 0) this.#socket.end()
  }

  #send(bytes: Buffer, hold: Hold): void {
    this.#writes.push({ byteCount: bytes.length, hold })
    if (!this.#isCorked) {
      // One system call for all packets of one read.
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(this.#uncork)
    }
    this.#socket.write(bytes, this.#onWritten)
  }

  #uncork = (): void => {
    this.#isCorked = false
    this.#socket.uncork()
  }

  #onWritten = (): void => {
    const first = this.#writes.shift()
    if (!first) return
    first.hold.release()
    this.#onLeft(first.byteCount)
    if (this.#later.byteCount === 0) return
    if (!this.#socket.writable) {
      const { byteCount } = this.#later
      this.#later.clear()
      this.#onLeft(byteCount)
    } else if (this.#writes.length < MAX_WRITES / 2) {
      while (this.#writes.length < MAX_WRITES) {
        const piece = this.#later.shift()
        if (!piece) break
        this.#send(piece, OWNED_BYTES.hold())
      }
      if (this.#later.byteCount === 0 && this.#wantsEnd) this.#socket.end()
    }
  }
}
