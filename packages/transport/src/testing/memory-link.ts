import type { Lease } from '../channel.ts'
import { OWNED_BYTES } from '../lease.ts'
import type { ByteLink } from '../link.ts'

/** One end of a link in memory, for tests that need two peers and no network. */
export interface MemoryLink extends ByteLink {
  /** The line is cut: both ends are told with an error. */
  cut(): void
  /** From now on nothing arrives at the other end, and nobody is told: a black hole. */
  blackHole(): void
  /** Everything this end has sent, as one buffer; only when the pair was made with `record`. */
  sent(): Buffer
}

export interface MemoryPairOptions {
  /** Largest piece that is delivered at once; 1 splits the stream at every byte. */
  readonly pieceBytes?: number
  readonly record?: boolean
}

class MemoryEnd implements MemoryLink {
  readonly remoteAddress = '192.0.2.1'
  readonly #options: MemoryPairOptions
  readonly #record: Buffer[] = []
  other: MemoryEnd | undefined
  #paused = true
  #over = false
  #hole = false
  #inbox: { bytes: Buffer; done: () => void }[] = []
  #queued = 0
  #scheduled = false
  onBytes: (bytes: Buffer, lease: Lease) => void = () => undefined
  onDrain: () => void = () => undefined
  onEnd: (error: Error | undefined) => void = () => undefined

  constructor(options: MemoryPairOptions) {
    this.#options = options
  }

  get queuedBytes(): number {
    return this.#queued
  }

  write(slab: Buffer, from: number, to: number, done: () => void): void {
    const bytes = Buffer.from(slab.subarray(from, to))
    if (this.#options.record) this.#record.push(bytes)
    if (this.#over || this.#hole) {
      done()
      return
    }
    this.#queued += bytes.length
    this.other?.deliver(bytes, () => {
      this.#queued -= bytes.length
      done()
      if (this.#queued === 0) this.onDrain()
    })
  }

  deliver(bytes: Buffer, done: () => void): void {
    this.#inbox.push({ bytes, done })
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#drainInbox()
    })
  }

  #drainInbox(): void {
    const size = this.#options.pieceBytes ?? Number.MAX_SAFE_INTEGER
    while (!this.#paused && !this.#over) {
      const next = this.#inbox.shift()
      if (!next) return
      for (let at = 0; at < next.bytes.length && !this.#over; at += size) {
        this.onBytes(next.bytes.subarray(at, Math.min(at + size, next.bytes.length)), OWNED_BYTES)
      }
      next.done()
    }
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  destroy(): void {
    if (this.#over) return
    this.end(undefined)
    // What was sent before arrives before the end does.
    const other = this.other
    setImmediate(() => setImmediate(() => other?.end(undefined)))
  }

  cut(): void {
    const error = new Error('line cut')
    this.end(error)
    this.other?.end(error)
  }

  blackHole(): void {
    this.#hole = true
  }

  end(error: Error | undefined): void {
    if (this.#over) return
    if (!error && this.#inbox.length > 0 && !this.#paused) this.#drainInbox()
    this.#over = true
    for (const waiting of this.#inbox.splice(0)) waiting.done()
    this.onEnd(error)
  }

  sent(): Buffer {
    return Buffer.concat(this.#record)
  }

  useZeroMask(): void {
    // There are no masks in memory.
  }
}

/** Two ends of one link. */
export function createMemoryPair(options: MemoryPairOptions = {}): [MemoryLink, MemoryLink] {
  const left = new MemoryEnd(options)
  const right = new MemoryEnd(options)
  left.other = right
  right.other = left
  return [left, right]
}
