import type { Socket } from 'node:net'
import { ByteRow } from './byte-row.ts'
import type { Hold, Lease } from './channel.ts'
import { BufferPool, type LeasedBuffer, OWNED_BYTES } from './lease.ts'
import { atReadEnd } from './read-end.ts'
import { type WriteAtOnce, writeAtOnce } from './write-at-once.ts'

/** Writes under way at once. What comes on top is copied and joined: a stalled reader must not cost an object per byte. */
const MAX_WRITES = 64
/** Up to here a copy costs less than keeping the buffer that the bytes came in, and a stalled reader keeps no large one for a few of them. */
const COPIED_BYTES = 2048

/** Small pieces of one read are joined in one of these, and leave as one. */
const JOINTS = new BufferPool(16 * 1024, 16)

interface Write {
  readonly bytes: Buffer
  readonly hold: Hold
}

/** Bytes on their way into a socket. Says of each when it has left, or never will. */
export class SocketSink {
  readonly #socket: Socket
  readonly #onLeft: (byteCount: number) => void
  readonly #writeAtOnce: WriteAtOnce
  readonly #later = new ByteRow()
  /** Writes under way, oldest first: the socket finishes them in order. */
  readonly #writes: Write[] = []
  /** How many of them, the youngest, the socket has not been given yet. */
  #ungiven = 0
  #joint: LeasedBuffer | undefined
  #jointBytes = 0
  #isDue = false
  #wantsEnd = false

  constructor(socket: Socket, onLeft: (byteCount: number) => void) {
    this.#socket = socket
    this.#onLeft = onLeft
    this.#writeAtOnce = writeAtOnce(socket)
  }

  /** Takes the bytes, which stay leased until they have left. A socket that takes nothing any more swallows them. */
  write(bytes: Buffer, lease: Lease): void {
    if (!this.#socket.writable) this.#onLeft(bytes.length)
    else if (this.#writes.length >= MAX_WRITES || this.#later.byteCount > 0) this.#later.push(bytes)
    else if (bytes.length <= COPIED_BYTES) this.#join(bytes)
    else {
      this.#closeJoint()
      this.#add(bytes, lease.hold())
    }
  }

  /** Nothing is on its way. */
  get isEmpty(): boolean {
    return this.#writes.length === 0 && this.#jointBytes === 0 && this.#later.byteCount === 0
  }

  /** Ends the socket's writable side after what was written before. */
  end(): void {
    this.#wantsEnd = true
    this.#give()
    if (this.#later.byteCount === 0) this.#socket.end()
  }

  #join(bytes: Buffer): void {
    if (this.#jointBytes + bytes.length > JOINTS.bufferBytes) this.#closeJoint()
    this.#joint ??= JOINTS.take()
    this.#jointBytes += bytes.copy(this.#joint.bytes, this.#jointBytes)
    this.#giveSoon()
  }

  /** What was joined, and has nothing before it, leaves now; what does not is left where it is. */
  #putJoint(): void {
    const joint = this.#joint
    if (!joint) return
    const byteCount = this.#writeAtOnce(joint.bytes, 0, this.#jointBytes)
    if (byteCount === 0) return
    if (byteCount < this.#jointBytes) joint.bytes.copyWithin(0, byteCount, this.#jointBytes)
    this.#jointBytes -= byteCount
    if (this.#jointBytes === 0) {
      this.#joint = undefined
      joint.release()
    }
    this.#onLeft(byteCount)
  }

  /** What was joined becomes a write of its own size: a reader that stalls must not keep a large buffer for a few bytes. */
  #closeJoint(): void {
    const joint = this.#joint
    if (!joint) return
    this.#joint = undefined
    const bytes = Buffer.from(joint.bytes.subarray(0, this.#jointBytes))
    this.#jointBytes = 0
    joint.release()
    this.#add(bytes, OWNED_BYTES.hold())
  }

  #add(bytes: Buffer, hold: Hold): void {
    this.#writes.push({ bytes, hold })
    this.#ungiven += 1
    this.#giveSoon()
  }

  /** After the read that is under way: one system call for all its packets. */
  #giveSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    atReadEnd(this.#give)
  }

  #give = (): void => {
    this.#isDue = false
    if (this.#writes.length === 0) this.#putJoint()
    this.#closeJoint()
    if (this.#ungiven === 0) return
    const due = this.#writes.slice(-this.#ungiven)
    this.#ungiven = 0
    if (due.length > 1) this.#socket.cork()
    for (const { bytes } of due) this.#socket.write(bytes, this.#onWritten)
    if (due.length > 1) this.#socket.uncork()
  }

  #onWritten = (): void => {
    const first = this.#writes.shift()
    if (!first) return
    first.hold.release()
    this.#onLeft(first.bytes.length)
    if (this.#later.byteCount === 0) return
    if (!this.#socket.writable) {
      const { byteCount } = this.#later
      this.#later.clear()
      this.#onLeft(byteCount)
    } else if (this.#writes.length < MAX_WRITES / 2) this.#goOn()
  }

  #goOn(): void {
    while (this.#writes.length < MAX_WRITES) {
      const piece = this.#later.shift()
      if (!piece) break
      this.#add(piece, OWNED_BYTES.hold())
    }
    if (this.#later.byteCount > 0 || !this.#wantsEnd) return
    this.#give()
    this.#socket.end()
  }
}
