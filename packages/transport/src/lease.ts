import type { Hold, Lease } from './channel.ts'

const nothingToRelease: Hold = { release: () => undefined }

/** For bytes that nobody else will ever use again: they stay valid as long as someone holds them. */
export const OWNED_BYTES: Lease = { hold: () => nothingToRelease }

/** A buffer that goes back to where it came from when the last hold is released. Whoever took it has the first one. */
export class LeasedBuffer implements Lease, Hold {
  readonly bytes: Buffer
  readonly #giveBack: (buffer: LeasedBuffer) => void
  #holds = 0

  constructor(byteCount: number, giveBack: (buffer: LeasedBuffer) => void) {
    this.bytes = Buffer.allocUnsafeSlow(byteCount)
    this.#giveBack = giveBack
  }

  /** More than whoever took it holds it: its bytes must stay as they are. */
  get isShared(): boolean {
    return this.#holds > 1
  }

  hold(): Hold {
    this.#holds += 1
    return this
  }

  release(): void {
    this.#holds -= 1
    if (this.#holds === 0) this.#giveBack(this)
  }
}

/** Buffers of one size that go round. Fresh large buffers cost more than the encryption of what goes into them. */
export class BufferPool {
  readonly bufferBytes: number
  readonly #maxFree: number
  readonly #free: LeasedBuffer[] = []

  /** @param maxFree  buffers that are kept; what comes back beyond them is left to the collector */
  constructor(bufferBytes: number, maxFree: number) {
    this.bufferBytes = bufferBytes
    this.#maxFree = maxFree
  }

  /** A buffer with one hold on it; its bytes are somebody's old ones. */
  take(): LeasedBuffer {
    const buffer = this.#free.pop() ?? new LeasedBuffer(this.bufferBytes, this.#giveBack)
    buffer.hold()
    return buffer
  }

  #giveBack = (buffer: LeasedBuffer): void => {
    if (this.#free.length < this.#maxFree) this.#free.push(buffer)
  }
}
