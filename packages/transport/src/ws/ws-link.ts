import type { Duplex } from 'node:stream'
import type { Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import { OWNED_BYTES } from '../lease.ts'
import { type ByteLink, LINK_HEADROOM_BYTES } from '../link.ts'
import { fillRandom } from '../random-pool.ts'
import { readSocket } from '../socket-reads.ts'
import { type WriteAtOnce, writeAtOnce } from '../write-at-once.ts'
import { writeFrameHead } from './frame-head.ts'
import { FrameReader, OPCODE } from './frame-reader.ts'
import { applyMask } from './mask.ts'

/** What the link needs of a TCP or TLS socket. */
export type LinkSocket = Duplex & {
  setNoDelay?(on: boolean): unknown
  setTimeout?(ms: number): unknown
}

/** A WebSocket over a socket that has been upgraded, as a byte stream. Owns the socket. */
export class WsLink implements ByteLink {
  readonly remoteAddress: string
  readonly #socket: LinkSocket
  readonly #writeAtOnce: WriteAtOnce
  readonly #isClient: boolean
  readonly #frames: FrameReader
  readonly #key = Buffer.alloc(4)
  #zeroMask = false
  #isOver = false
  #pongsWaiting = 0
  #head: Buffer | undefined
  onBytes: (bytes: Buffer, lease: Lease) => void = () => undefined
  onDrain: () => void = () => undefined
  onEnd: (error: Error | undefined) => void = () => undefined

  constructor(socket: LinkSocket, options: { isClient: boolean; remoteAddress: string }) {
    this.#socket = socket
    this.#writeAtOnce = writeAtOnce(socket)
    this.#isClient = options.isClient
    this.remoteAddress = options.remoteAddress
    this.#frames = new FrameReader(!options.isClient, {
      onPayload: (bytes, lease) => this.onBytes(bytes, lease),
      onPing: (payload) => this.#answerPing(payload),
      onCloseFrame: () => this.#onCloseFrame(),
    })
    socket.setNoDelay?.(true)
    socket.setTimeout?.(0)
    socket.pause()
    socket.on('drain', () => {
      if (!this.#isOver) this.onDrain()
    })
    socket.on('error', (error) => this.#end(error))
    socket.on('end', () => this.#end(undefined))
    socket.on('close', () => this.#end(undefined))
  }

  /** Delivers the socket's own data from the first `resume` on; `head` are bytes that came with the upgrade. */
  listen(head: Buffer): void {
    this.#head = head
    readSocket(this.#socket, (bytes, lease) => this.receive(bytes, lease))
  }

  /** Bytes of the socket, for owners that read it themselves. */
  receive(bytes: Buffer, lease: Lease): void {
    if (this.#isOver) return
    try {
      this.#frames.feed(bytes, lease)
    } catch (thrown) {
      this.#end(thrown instanceof Error ? thrown : new TransportError('protocol-error', String(thrown)))
    }
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  write(slab: Buffer, from: number, to: number, done: () => void): void {
    if (this.#isOver) {
      done()
      return
    }
    let key: Buffer | undefined
    if (this.#isClient) {
      key = this.#key
      if (!this.#zeroMask) {
        fillRandom(key, 0, 4)
        applyMask(slab, from, to, key)
      } else key.fill(0)
    }
    const start = writeFrameHead(slab, from, OPCODE.BINARY, to - from, key)
    const rest = start + this.#writeAtOnce(slab, start, to)
    if (rest === to) done()
    else this.#socket.write(slab.subarray(rest, to), done)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (this.#isOver) return
    // The socket first: whoever gets the head may pause the link again, and that must hold.
    this.#socket.resume()
    const head = this.#head
    this.#head = undefined
    if (head && head.length > 0) this.receive(head, OWNED_BYTES)
  }

  destroy(): void {
    if (this.#isOver) return
    this.#shut()
    queueMicrotask(() => this.onEnd(undefined))
  }

  useZeroMask(): void {
    this.#zeroMask = true
  }

  #answerPing(payload: Buffer): void {
    // A peer that pings and does not read gets no more than this many answers kept for it.
    if (this.#isOver || this.#pongsWaiting >= MAX_WAITING_PONGS) return
    this.#pongsWaiting += 1
    const frame = Buffer.alloc(LINK_HEADROOM_BYTES + payload.length)
    payload.copy(frame, LINK_HEADROOM_BYTES)
    const key = this.#isClient ? Buffer.alloc(4) : undefined
    const start = writeFrameHead(frame, LINK_HEADROOM_BYTES, OPCODE.PONG, payload.length, key)
    this.#socket.write(frame.subarray(start), () => {
      this.#pongsWaiting -= 1
    })
  }

  #onCloseFrame(): void {
    if (this.#isOver) return
    const frame = Buffer.alloc(LINK_HEADROOM_BYTES)
    const start = writeFrameHead(
      frame,
      LINK_HEADROOM_BYTES,
      OPCODE.CLOSE,
      0,
      this.#isClient ? Buffer.alloc(4) : undefined,
    )
    this.#socket.write(frame.subarray(start))
    this.#end(undefined)
  }

  #end(error: Error | undefined): void {
    if (this.#isOver) return
    this.#shut()
    this.onEnd(error)
  }

  /** What was written leaves, then the socket ends; a peer that does not read, or does not end its side, is not waited for. */
  #shut(): void {
    this.#isOver = true
    this.#head = undefined
    const socket = this.#socket
    if (socket.destroyed) return
    socket.end()
    const grace = setTimeout(() => socket.destroy(), SHUT_GRACE_MS)
    grace.unref()
    socket.once('close', () => clearTimeout(grace))
    // What still arrives is read and dropped: unread bytes would turn the end into a reset and take our last words with it.
    socket.resume()
  }
}

/** How long the last bytes (a reason to disconnect, a refusal) may take to leave. */
const SHUT_GRACE_MS = 1000
const MAX_WAITING_PONGS = 16
