import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Hold, Lease } from './channel.ts'
import { BufferPool, type LeasedBuffer, OWNED_BYTES } from './lease.ts'
import { dealWithRead } from './read-end.ts'

/** What a quiet socket reads into. One that fills it is given a slab until it is quiet again. */
const SMALL_BYTES = 2048
/** Room for four data packets; larger ones no longer fit the processor's cache. */
const SLAB_BYTES = 128 * 1024
/** 64 slabs are 8 MiB for the whole process. */
const SLABS = new BufferPool(SLAB_BYTES, 64)

type OnBytes = (bytes: Buffer, lease: Lease) => void

/**
 * Delivers what a socket receives; it flows and stops by `resume` and `pause`. Left to itself the runtime makes a buffer of 64 KiB for
 * every read, and collecting those is the larger part of a tunnel's work. It reads into given buffers only on sockets that are made
 * with `onread`, which accepted ones cannot be: so what that option sets is set here, where the runtime has it (docs/adr/0016-reading-sockets.md).
 * @param plainly  leaves it to the runtime; so do TLS sockets and other runtimes
 */
export function readSocket(socket: Duplex, onBytes: OnBytes, plainly = false): void {
  // Also delivers what the stream has read before.
  socket.on('data', (bytes: Buffer) => onBytes(bytes, OWNED_BYTES))
  if (plainly || !FIELDS || !(socket instanceof Socket) || socket instanceof TLSSocket) return
  const reads = new SocketReads(onBytes)
  const fields = socket as unknown as Record<symbol, unknown>
  const first = reads.next()
  fields[FIELDS.buffer] = first
  fields[FIELDS.next] = reads.next
  fields[FIELDS.arrived] = reads.arrived
  const { _handle: handle } = socket as unknown as { _handle: { useUserBuffer?(buffer: Buffer): void } | null }
  // A socket that is being connected has none yet, or gets another; the runtime sees to that.
  handle?.useUserBuffer?.(first)
  socket.once('close', () => {
    reads.end()
    for (const field of Object.values(FIELDS)) fields[field] = null
  })
}

/** The runtime's own fields for `onread`. */
const FIELDS = findFields()

function findFields(): { buffer: symbol; next: symbol; arrived: symbol } | undefined {
  const sample = new Socket()
  const find = (name: string) => Object.getOwnPropertySymbols(sample).find(({ description }) => description === name)
  const [buffer, next, arrived] = [find('kBuffer'), find('kBufferGen'), find('kBufferCb')]
  sample.destroy()
  return buffer && next && arrived ? { buffer, next, arrived } : undefined
}

/** Which buffer one socket reads into next. */
class SocketReads {
  readonly #onBytes: OnBytes
  #small: SmallBuffer | undefined
  #slab: LeasedBuffer | undefined
  #wantsSlab = false

  constructor(onBytes: OnBytes) {
    this.#onBytes = onBytes
  }

  next = (): Buffer => {
    if (this.#slab && (this.#slab.isShared || !this.#wantsSlab)) {
      this.#slab.release()
      this.#slab = undefined
    }
    if (this.#wantsSlab) {
      this.#slab ??= SLABS.take()
      return this.#slab.bytes
    }
    if (!this.#small || this.#small.isHeld) this.#small = smallOnes.pop() ?? new SmallBuffer()
    return this.#small.bytes
  }

  arrived = (byteCount: number, buffer: Buffer): boolean => {
    const lease = this.#slab ?? this.#small
    this.#wantsSlab = byteCount >= SMALL_BYTES
    if (lease) dealWithRead(this.#onBytes, buffer.subarray(0, byteCount), lease)
    return true
  }

  end = (): void => {
    this.#wantsSlab = false
    this.#slab?.release()
    this.#slab = undefined
    if (this.#small && !this.#small.isHeld && smallOnes.length < MAX_SMALL_ONES) smallOnes.push(this.#small)
    this.#small = undefined
  }
}

/** What closed sockets leave for new ones; half a megabyte for the whole process. */
const MAX_SMALL_ONES = 256
const smallOnes: SmallBuffer[] = []

/** Cheap enough to be left to whoever holds a part of it. */
class SmallBuffer implements Lease, Hold {
  // Not a piece of the runtime's pool: a quiet connection would keep 64 KiB of it.
  readonly bytes = Buffer.allocUnsafeSlow(SMALL_BYTES)
  isHeld = false

  hold(): Hold {
    this.isHeld = true
    return this
  }

  release(): void {
    // Whoever reads has gone on with another one.
  }
}
