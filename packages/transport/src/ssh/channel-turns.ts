import type { ChannelCarrier } from './channel-carrier.ts'
import { CHANNEL_DATA_HEAD_BYTES, writeChannelDataHead, writeEarlyDataHead } from './messages/channel-flow.ts'
import type { SshChannel } from './ssh-channel.ts'

/** Bytes that a channel may lay out in one turn: bulk data of one cannot starve the keystrokes of another. */
const TURN_BYTES = 128 * 1024
/** Keystrokes and short answers: they need not wait for their turn behind bulk data. */
const URGENT_BYTES = 4096
/** Data is laid out only while less than this waits below: what comes later is not late. */
const ROOM_BYTES = 512 * 1024

/** Whose data leaves next, of all channels of one connection. */
export class ChannelTurns {
  readonly #carrier: ChannelCarrier
  #ready: SshChannel[] = []
  /** The number of the channel that had a turn at once last. */
  #lastId = -1

  constructor(carrier: ChannelCarrier) {
    this.#carrier = carrier
  }

  /** This channel has something to send, and waits for its turn. */
  wait(channel: SshChannel): void {
    if (!channel.isReady) {
      channel.isReady = true
      this.#ready.push(channel)
    }
    this.#carrier.scheduleFlush()
  }

  /** This channel has `byteCount` bytes: they leave at once where nobody waits for a turn, or they are few. */
  now(channel: SshChannel, byteCount: number): void {
    if (!this.#hasRoom || (this.#ready.length > 0 && byteCount > URGENT_BYTES)) return
    this.#turn(channel)
    // Where many talk, the packets of one turn of the event loop leave together; one that talks alone waits for nobody.
    if (channel.localId === this.#lastId && byteCount <= URGENT_BYTES) this.#carrier.flushAtReadEnd()
    else this.#carrier.scheduleFlush()
    this.#lastId = channel.localId
  }

  /** Something waits for room on the link. */
  get hasWaiting(): boolean {
    return this.#ready.length > 0
  }

  /** The connection is gone: nobody gets a turn any more. */
  clear(): void {
    this.#ready = []
  }

  /** Lays out data of the channels that have some, in turn, while there is room below; first of those that have little. */
  layOut(): void {
    if (this.#ready.length === 0 || !this.#hasRoom) return
    this.#layOutUrgent()
    // One turn in any case: any number of small ones does not keep bulk data back for ever.
    do {
      const channel = this.#ready.shift()
      if (!channel) return
      this.#giveTurn(channel)
    } while (this.#hasRoom)
  }

  get #hasRoom(): boolean {
    return this.#carrier.canSendData && this.#carrier.queuedBytes < ROOM_BYTES
  }

  #layOutUrgent(): void {
    const isUrgent = (channel: SshChannel) => channel.queuedBytes <= URGENT_BYTES
    if (this.#ready.length < 2 || !this.#ready.some(isUrgent)) return
    const waiting = this.#ready
    this.#ready = []
    for (const channel of waiting) {
      if (isUrgent(channel) && this.#hasRoom) this.#giveTurn(channel)
      else this.#ready.push(channel)
    }
  }

  #giveTurn(channel: SshChannel): void {
    channel.isReady = false
    this.#turn(channel)
    if (!channel.canSend || channel.isReady) return
    channel.isReady = true
    this.#ready.push(channel)
  }

  #turn(channel: SshChannel): void {
    let laidOut = 0
    while (laidOut < TURN_BYTES) {
      const byteCount = channel.nextBytes()
      if (byteCount === 0) break
      const at = this.#carrier.beginData(CHANNEL_DATA_HEAD_BYTES + byteCount)
      const slab = this.#carrier.slab
      const writeHead = channel.isOpening ? writeEarlyDataHead : writeChannelDataHead
      writeHead(slab, at, channel.remoteId, byteCount)
      channel.copyNext(slab, at + CHANNEL_DATA_HEAD_BYTES, byteCount, this.#carrier)
      laidOut += byteCount
    }
    channel.finishTurn()
  }
}
