import type { Socket } from 'node:net'
import type { Lease } from '../channel.ts'
import { OWNED_BYTES } from '../lease.ts'
import type { ByteLink } from '../link.ts'

/** A bare TCP connection as a link: what SSH programs of other families speak over. Owns the socket. */
export class TcpLink implements ByteLink {
  readonly remoteAddress: string
  readonly #socket: Socket
  #isOver = false
  onBytes: (bytes: Buffer, lease: Lease) => void = () => undefined
  onDrain: () => void = () => undefined
  onEnd: (error: Error | undefined) => void = () => undefined

  constructor(socket: Socket) {
    this.remoteAddress = socket.remoteAddress ?? ''
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.onBytes(bytes, OWNED_BYTES))
    socket.pause()
    socket.on('drain', () => this.onDrain())
    socket.on('error', (error) => this.#end(error))
    socket.on('end', () => this.#end(undefined))
    socket.on('close', () => this.#end(undefined))
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  write(slab: Buffer, from: number, to: number, done: () => void): void {
    if (this.#isOver) done()
    else this.#socket.write(slab.subarray(from, to), done)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.end()
    this.#end(undefined)
  }

  useZeroMask(): void {
    // There are no masks without WebSocket.
  }

  #end(error: Error | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#socket.end()
    queueMicrotask(() => this.onEnd(error))
  }
}
