import { ByteRow } from '../byte-row.ts'
import type { Lease } from '../channel.ts'
import { OWNED_BYTES } from '../lease.ts'

type OnData = (bytes: Buffer, lease: Lease) => void

/**
 * What arrives on a channel, on its way to the callbacks of its owner: first bytes, then the end, then the close, each end told
 * once. Confirmation, greeting and close of a target may come in one read, before whoever awaited the channel could set a
 * callback, and an agent dials only after it has confirmed: so what comes first is kept (one window at most) and told in the
 * turn after the callback was set.
 */
export class Arrivals {
  readonly #kept = new ByteRow()
  #onData: OnData | undefined
  #onEof: (() => void) | undefined
  #onClose: (() => void) | undefined
  #eof: 'none' | 'due' | 'told' = 'none'
  #close: 'none' | 'due' | 'told' = 'none'
  #isScheduled = false

  get onData(): OnData | undefined {
    return this.#onData
  }
  set onData(callback: OnData | undefined) {
    this.#onData = callback
    this.#schedule()
  }

  get onEof(): (() => void) | undefined {
    return this.#onEof
  }
  set onEof(callback: (() => void) | undefined) {
    this.#onEof = callback
    this.#schedule()
  }

  get onClose(): (() => void) | undefined {
    return this.#onClose
  }
  set onClose(callback: (() => void) | undefined) {
    this.#onClose = callback
    this.#schedule()
  }

  data(bytes: Buffer, lease: Lease): void {
    if (this.#onData && this.#kept.byteCount === 0) this.#onData(bytes, lease)
    else this.#kept.push(bytes)
  }

  eof(): void {
    this.#eof = 'due'
    this.#tell()
  }

  close(): void {
    this.#close = 'due'
    this.#tell()
  }

  /** The owner wants no more bytes. */
  drop(): void {
    this.#kept.clear()
  }

  #schedule(): void {
    const isDue = this.#kept.byteCount > 0 || this.#eof === 'due' || this.#close === 'due'
    if (!isDue || this.#isScheduled) return
    this.#isScheduled = true
    // Not at once: whoever sets one callback is about to set the others.
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#tell()
    })
  }

  #tell(): void {
    if (this.#isScheduled) return
    this.#tellData()
    if (this.#kept.byteCount > 0) return
    if (this.#eof === 'due' && this.#onEof) {
      this.#eof = 'told'
      this.#onEof()
    }
    if (this.#close === 'due' && this.#onClose) {
      this.#close = 'told'
      const onClose = this.#onClose
      this.#onData = undefined
      this.#onEof = undefined
      this.#onClose = undefined
      onClose()
    }
  }

  #tellData(): void {
    while (this.#onData) {
      const piece = this.#kept.shift()
      if (!piece) return
      this.#onData(piece, OWNED_BYTES)
    }
    // An owner that waits for the close and never wanted bytes shall hear of it.
    if (this.#close === 'due' && this.#onClose) this.#kept.clear()
  }
}
