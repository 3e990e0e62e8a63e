import type { Channel, Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'

/** What a channel asks of its session. */
export interface ChannelHost {
  /** This channel has data, an end or a close to send. */
  ready(channel: SshChannel): void
  sendWindowAdjust(recipientId: number, byteCount: number): void
  sendEof(recipientId: number): void
  sendClose(recipientId: number): void
  /** Both sides have closed: the number is free again. */
  forget(channel: SshChannel): void
  readonly halfClose: boolean
}

export interface ChannelNumbers {
  readonly localId: number
  readonly remoteId: number
  /** Bytes that the peer takes now. */
  readonly remoteWindow: number
  readonly remotePacketBytes: number
  readonly localWindow: number
  readonly queueBytes: number
}

/** RFC 4254 section 5: windows, data, end and close of one channel. What waits is sent when the session gives it a turn. */
export class SshChannel implements Channel {
  readonly type: string
  readonly localId: number
  readonly remoteId: number
  readonly remotePacketBytes: number
  readonly #host: ChannelHost
  readonly #windowBytes: number
  readonly #queueBytes: number
  #remoteWindow: number
  #localWindow: number
  #consumed = 0
  #queue: Buffer[] = []
  #queueHead = 0
  #queued = 0
  #callerWaits = false
  #wantsEof = false
  #sentEof = false
  #wantsClose = false
  #sentClose = false
  #receivedEof = false
  #receivedClose = false
  #ended = false
  /** The session's mark that this channel waits for its turn. */
  isReady = false
  bytesReceived = 0
  bytesSent = 0
  onData: ((bytes: Buffer, lease: Lease) => void) | undefined
  onDrain: (() => void) | undefined
  onEof: (() => void) | undefined
  onClose: (() => void) | undefined

  constructor(host: ChannelHost, type: string, numbers: ChannelNumbers) {
    this.#host = host
    this.type = type
    this.localId = numbers.localId
    this.remoteId = numbers.remoteId
    this.remotePacketBytes = numbers.remotePacketBytes
    this.#remoteWindow = numbers.remoteWindow
    this.#windowBytes = numbers.localWindow
    this.#localWindow = numbers.localWindow
    this.#queueBytes = numbers.queueBytes
  }

  get isOpen(): boolean {
    return !this.#wantsClose && !this.#receivedClose && !this.#ended
  }

  get queuedBytes(): number {
    return this.#queued
  }

  send(bytes: Buffer): boolean {
    if (!this.isOpen || this.#wantsEof || bytes.length === 0) return true
    this.#queue.push(bytes)
    this.#queued += bytes.length
    this.#host.ready(this)
    if (this.#queued < this.#queueBytes) return true
    this.#callerWaits = true
    return false
  }

  sendEof(): void {
    if (this.#wantsEof || !this.isOpen) return
    if (!this.#host.halfClose) {
      this.close()
      return
    }
    this.#wantsEof = true
    this.#host.ready(this)
  }

  consumed(byteCount: number): void {
    this.#consumed += byteCount
    if (this.#consumed < this.#windowBytes / 2 || this.#receivedEof || this.#sentClose || this.#receivedClose) return
    this.#localWindow += this.#consumed
    this.#host.sendWindowAdjust(this.remoteId, this.#consumed)
    this.#consumed = 0
  }

  close(options?: { abort?: boolean }): void {
    if (options?.abort) this.#dropQueue()
    if (this.#wantsClose) return
    this.#wantsClose = true
    this.#host.ready(this)
  }

  /** Whether there is something that may be sent now. */
  get canSend(): boolean {
    if (this.#sentClose) return false
    if (this.#queued > 0) return this.#remoteWindow > 0
    return (this.#wantsEof && !this.#sentEof) || this.#wantsClose
  }

  /** Bytes for the next data message, as far as queue, window and packet size go. */
  nextBytes(): number {
    return Math.min(this.#queued, this.#remoteWindow, this.remotePacketBytes)
  }

  /** Copies the next `byteCount` queued bytes to `target` at `at`. */
  copyNext(target: Buffer, at: number, byteCount: number): void {
    let left = byteCount
    let to = at
    while (left > 0) {
      const first = this.#queue[0]
      if (!first) break
      const taken = Math.min(left, first.length - this.#queueHead)
      first.copy(target, to, this.#queueHead, this.#queueHead + taken)
      to += taken
      left -= taken
      this.#queueHead += taken
      if (this.#queueHead === first.length) {
        this.#queue.shift()
        this.#queueHead = 0
      }
    }
    this.#queued -= byteCount
    this.#remoteWindow -= byteCount
    this.bytesSent += byteCount
  }

  /** Sends the end or the close once no data is left before it, and tells a waiting caller that there is room. */
  finishTurn(): void {
    if (this.#queued > 0) return
    if (this.#wantsEof && !this.#sentEof && !this.#wantsClose && !this.#sentClose) {
      this.#sentEof = true
      this.#host.sendEof(this.remoteId)
    }
    if (this.#wantsClose && !this.#sentClose) {
      this.#sentClose = true
      this.#host.sendClose(this.remoteId)
      this.#endIfOver()
    }
    if (this.#callerWaits) {
      this.#callerWaits = false
      this.onDrain?.()
    }
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
    this.#localWindow -= bytes.length
    this.bytesReceived += bytes.length
    if (this.#wantsClose || !this.onData) this.consumed(bytes.length)
    else this.onData(bytes, lease)
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
    this.onEof?.()
    // A peer that knows no half-closed streams means the end of both directions.
    if (!this.#host.halfClose) this.close()
  }

  /** SSH_MSG_CHANNEL_CLOSE */
  receiveClose(): void {
    if (this.#receivedClose) throw violation('closed twice')
    this.#receivedClose = true
    this.#dropQueue()
    this.#wantsClose = true
    if (!this.#sentClose) {
      this.#sentClose = true
      this.#host.sendClose(this.remoteId)
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
    this.onClose?.()
    this.onData = undefined
    this.onDrain = undefined
    this.onEof = undefined
    this.onClose = undefined
  }

  #dropQueue(): void {
    this.#queue = []
    this.#queueHead = 0
    this.#queued = 0
    this.#callerWaits = false
  }
}

const violation = (what: string): TransportError => new TransportError('protocol-error', `channel: ${what}`)
