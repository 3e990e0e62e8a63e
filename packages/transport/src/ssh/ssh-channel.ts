import type { Channel, Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import { OWNED_BYTES } from '../lease.ts'
import { Arrivals } from './arrivals.ts'
import { type DataFiller, SendQueue } from './send-queue.ts'
import type { WindowGrowth } from './window-growth.ts'

/** What a channel asks of its session. */
export interface ChannelHost {
  /** This channel has data, an end or a close to send. */
  ready(channel: SshChannel): void
  /** This channel has `byteCount` bytes and nothing before them: gives it a turn at once where nobody waits for one, or they are few. */
  turnNow(channel: SshChannel, byteCount: number): void
  sendWindowAdjust(recipientId: number, byteCount: number): void
  sendEof(recipientId: number): void
  sendClose(recipientId: number): void
  /** The close that answers the peer's: nobody waits for it. */
  answerClose(recipientId: number): void
  /** Both sides have closed: the number is free again. */
  forget(channel: SshChannel): void
  readonly halfClose: boolean
  /** So much waits in all channels together that each source is to stop early. */
  readonly isCrowded: boolean
  /** Monotonic milliseconds. */
  now(): number
  readonly windows: WindowGrowth
  /** Bytes that have come to wait, or (negative) wait no more. */
  queueChanged(byteCount: number): void
}

export interface ChannelNumbers {
  readonly localId: number
  readonly remoteId: number
  /** Bytes that the peer takes now. */
  readonly remoteWindow: number
  readonly remotePacketBytes: number
  readonly localWindow: number
  readonly queueBytes: number
  /** The channel is not confirmed yet; `remoteWindow` is what may be sent before. */
  readonly isOpening?: boolean
}

/** A window is opened again at half of it, and a large one by so much at a time: at half of 16 MiB its sender would wait for the second half. */
const ADJUST_BYTES = 1024 * 1024

/**
 * Pieces that wait in one channel before its source is asked to stop, however small they are: a visitor that sends single bytes
 * costs an object for each of them.
 */
const MAX_QUEUED_PIECES = 512

/** RFC 4254 section 5: windows, data, end and close of one channel. What waits is sent when the session gives it a turn. */
export class SshChannel implements Channel {
  readonly type: string
  readonly localId: number
  remoteId: number
  remotePacketBytes: number
  /** The peer has not confirmed: what is sent goes by our number, and as early data. */
  isOpening: boolean
  refusal: Error | undefined
  readonly #host: ChannelHost
  /** How much the peer may have under way to us, or unread here. */
  #windowBytes: number
  /** What of it was added to the window that the channel began with. */
  #grownBytes = 0
  /** When more was allowed last, and what `bytesReceived` was allowed to become before; 0 while nothing is measured. */
  #allowedAt = 0
  #allowedBefore = 0
  #isWindowTooSmall = false
  readonly #queueBytes: number
  #remoteWindow: number
  #localWindow: number
  #consumed = 0
  readonly #arrivals = new Arrivals()
  readonly #queue = new SendQueue()
  #callerWaits = false
  #wantsEof = false
  #sentEof = false
  #wantsClose = false
  #sentClose = false
  /** The owner closed: what still arrives is nobody's. */
  #isAbandoned = false
  #receivedEof = false
  #receivedClose = false
  #ended = false
  /** The session's mark that this channel waits for its turn. */
  isReady = false
  bytesReceived = 0
  bytesSent = 0
  onDrain: (() => void) | undefined

  constructor(host: ChannelHost, type: string, numbers: ChannelNumbers) {
    this.#host = host
    this.type = type
    this.localId = numbers.localId
    this.remoteId = numbers.remoteId
    this.remotePacketBytes = numbers.remotePacketBytes
    this.#remoteWindow = numbers.remoteWindow
    this.isOpening = numbers.isOpening ?? false
    this.#windowBytes = numbers.localWindow
    this.#localWindow = numbers.localWindow
    this.#queueBytes = numbers.queueBytes
  }

  get onData(): Channel['onData'] {
    return this.#arrivals.onData
  }
  set onData(callback: Channel['onData']) {
    this.#arrivals.onData = callback
  }

  get onEof(): Channel['onEof'] {
    return this.#arrivals.onEof
  }
  set onEof(callback: Channel['onEof']) {
    this.#arrivals.onEof = callback
  }

  get onClose(): Channel['onClose'] {
    return this.#arrivals.onClose
  }
  set onClose(callback: Channel['onClose']) {
    this.#arrivals.onClose = callback
  }

  get isOpen(): boolean {
    return !this.#wantsClose && !this.#receivedClose && !this.#ended
  }

  get queuedBytes(): number {
    return this.#queue.byteCount
  }

  send(bytes: Buffer, lease: Lease = OWNED_BYTES): boolean {
    if (!this.isOpen || this.#wantsEof || bytes.length === 0) return true
    const wasEmpty = this.#queue.byteCount === 0
    this.#queue.push(bytes)
    this.#host.queueChanged(bytes.length)
    // What can leave at once is never kept: whoever read it may read into the same buffer again.
    if (wasEmpty && this.#remoteWindow > 0) this.#host.turnNow(this, bytes.length)
    if (this.#queue.byteCount === 0) return true
    this.#queue.holdLast(lease)
    this.#host.ready(this)
    const allowed = this.#host.isCrowded ? this.remotePacketBytes : this.#queueBytes
    if (this.#queue.byteCount < allowed && this.#queue.pieceCount < MAX_QUEUED_PIECES) return true
    this.#callerWaits = true
    return false
  }

  sendEof(): void {
    if (this.#wantsEof || !this.isOpen) return
    if (!this.#host.halfClose) {
      this.#closeAfterQueue()
      return
    }
    this.#wantsEof = true
    this.#host.ready(this)
  }

  consumed(byteCount: number): void {
    // Never more than has arrived: an owner that counts twice must not open the window beyond its size.
    this.#consumed = Math.min(this.#consumed + byteCount, this.#windowBytes - this.#localWindow)
    if (this.#consumed < Math.min(this.#windowBytes / 2, ADJUST_BYTES)) return
    if (this.#receivedEof || this.#sentClose || this.#receivedClose) return
    const grown = this.#grow()
    if (this.#allowedAt === 0) {
      this.#allowedBefore = this.bytesReceived + this.#localWindow
      this.#allowedAt = this.#host.now()
    }
    this.#localWindow += this.#consumed + grown
    this.#host.sendWindowAdjust(this.remoteId, this.#consumed + grown)
    this.#consumed = 0
  }

  /** A larger window for a reader that keeps up, when the window was what its sender waited for. @returns bytes to add */
  #grow(): number {
    const unread = this.#windowBytes - this.#localWindow - this.#consumed
    if (!this.#isWindowTooSmall || unread > this.#windowBytes / 4) return 0
    this.#isWindowTooSmall = false
    const grown = this.#host.windows.take(this.#windowBytes)
    this.#windowBytes += grown
    this.#grownBytes += grown
    return grown
  }

  close(options?: { abort?: boolean }): void {
    if (options?.abort) this.#dropQueue()
    this.#isAbandoned = true
    this.#arrivals.drop()
    this.#closeAfterQueue()
  }

  #closeAfterQueue(): void {
    if (this.#wantsClose) return
    this.#wantsClose = true
    this.#host.ready(this)
  }

  /** Whether there is something that may be sent now. */
  get canSend(): boolean {
    if (this.#sentClose) return false
    if (this.#queue.byteCount > 0) return this.#remoteWindow > 0
    if (this.isOpening) return false
    return (this.#wantsEof && !this.#sentEof) || this.#wantsClose
  }

  /** Bytes for the next data message, as far as queue, window and packet size go. */
  nextBytes(): number {
    return Math.min(this.#queue.byteCount, this.#remoteWindow, this.remotePacketBytes)
  }

  /** Copies the next `byteCount` queued bytes to `target` at `at`, or lets `filler` do so. */
  copyNext(target: Buffer, at: number, byteCount: number, filler?: DataFiller): void {
    this.#queue.moveTo(target, at, byteCount, filler)
    this.#host.queueChanged(-byteCount)
    this.#remoteWindow -= byteCount
    this.bytesSent += byteCount
  }

  /** Sends the end or the close once no data is left before it, and tells a waiting caller that there is room. */
  finishTurn(): void {
    if (this.#queue.byteCount > 0) return
    if (!this.isOpening) this.#sendEnds()
    if (this.#callerWaits) {
      this.#callerWaits = false
      this.onDrain?.()
    }
  }

  #sendEnds(): void {
    if (this.#wantsEof && !this.#sentEof && !this.#wantsClose && !this.#sentClose) {
      this.#sentEof = true
      this.#host.sendEof(this.remoteId)
      // Nothing can come in either direction any more: waiting for somebody to notice would only keep the number taken.
      if (this.#receivedEof) this.#wantsClose = true
    }
    if (this.#wantsClose && !this.#sentClose) {
      this.#sentClose = true
      this.#host.sendClose(this.remoteId)
      this.#endIfOver()
    }
  }

  /** The peer takes the channel. What was sent early counts against the window that it gives. */
  confirm(remoteId: number, window: number, packetBytes: number): void {
    if (window < this.bytesSent) throw violation('window smaller than what may be sent early')
    this.isOpening = false
    this.remoteId = remoteId
    this.remotePacketBytes = packetBytes
    this.#remoteWindow = window - this.bytesSent
    if (this.canSend) this.#host.ready(this)
  }

  /** The channel never comes to be. */
  refuse(reason: Error): void {
    this.refusal = reason
    this.connectionLost()
  }

  /** SSH_MSG_CHANNEL_WINDOW_ADJUST */
  receiveAdjust(byteCount: number): void {
    this.#remoteWindow += byteCount
    if (this.#remoteWindow > 0xffffffff) throw violation('window beyond 2^32')
    if (this.canSend) this.#host.ready(this)
  }

  /** SSH_MSG_CHANNEL_DATA */
  receiveData(bytes: Buffer, lease: Lease): void {
    if (bytes.length > this.#localWindow) throw violation('data beyond the window')
    if (this.#receivedEof || this.#receivedClose) throw violation('data after the end')
    if (bytes.length === 0) return
    this.#localWindow -= bytes.length
    this.bytesReceived += bytes.length
    if (this.#allowedAt > 0 && this.bytesReceived > this.#allowedBefore) {
      // The first bytes that only the last adjustment allowed.
      this.#isWindowTooSmall = this.#host.windows.isTooSmall(this.#host.now() - this.#allowedAt)
      this.#allowedAt = 0
    }
    if (this.#isAbandoned) this.consumed(bytes.length)
    else this.#arrivals.data(bytes, lease)
  }

  /** SSH_MSG_CHANNEL_EXTENDED_DATA: nobody of this family sends it; its bytes count and are dropped (wire-protocol 4.2). */
  dropData(byteCount: number): void {
    if (byteCount > this.#localWindow) throw violation('data beyond the window')
    this.#localWindow -= byteCount
    this.consumed(byteCount)
  }

  /** SSH_MSG_CHANNEL_EOF */
  receiveEof(): void {
    if (this.#receivedEof || this.#receivedClose) return
    this.#receivedEof = true
    this.#arrivals.eof()
    // A peer that knows no half-closed streams means the end of both directions; so do two ends.
    if (!this.#host.halfClose || this.#sentEof) this.#closeAfterQueue()
  }

  /** SSH_MSG_CHANNEL_CLOSE */
  receiveClose(): void {
    if (this.#receivedClose) throw violation('closed twice')
    this.#receivedClose = true
    this.#dropQueue()
    this.#wantsClose = true
    if (!this.#sentClose) {
      this.#sentClose = true
      this.#host.answerClose(this.remoteId)
    }
    this.#endIfOver()
  }

  /** The connection is gone. */
  connectionLost(): void {
    this.#dropQueue()
    this.#wantsClose = true
    this.#sentClose = true
    this.#receivedClose = true
    this.#end()
  }

  #endIfOver(): void {
    if (!this.#sentClose || !this.#receivedClose) return
    this.#host.forget(this)
    this.#end()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#host.windows.giveBack(this.#grownBytes)
    this.#grownBytes = 0
    this.#arrivals.close()
    this.onDrain = undefined
  }

  #dropQueue(): void {
    this.#host.queueChanged(-this.#queue.byteCount)
    this.#queue.clear()
    this.#callerWaits = false
  }
}

const violation = (what: string): TransportError => new TransportError('protocol-error', `channel: ${what}`)
