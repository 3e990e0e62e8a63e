import type { Clock, Logger } from '@rport/kit'
import type { ChannelOpen, Lease } from '../channel.ts'
import type { RequestOptions } from '../connection.ts'
import type { ChannelCarrier } from './channel-carrier.ts'
import { ChannelTable } from './channel-table.ts'
import { ChannelTurns } from './channel-turns.ts'
import type { SshLimits } from './limits.ts'
import {
  dataOf,
  decodeChannelRequest,
  decodeWindowAdjust,
  encodeChannelClose,
  encodeChannelEof,
  encodeChannelRequestReply,
  encodeWindowAdjust,
  recipientOf,
} from './messages/channel-flow.ts'
import { MSG } from './messages/numbers.ts'
import { OwnOpens } from './own-opens.ts'
import { PeerOpens } from './peer-opens.ts'
import type { ChannelHost, SshChannel } from './ssh-channel.ts'
import { WindowGrowth } from './window-growth.ts'

export interface ChannelBookDeps {
  readonly carrier: ChannelCarrier
  readonly limits: SshLimits
  readonly clock: Clock
  readonly log: Logger
  /** The peer wants a channel. */
  readonly onOpen: (open: ChannelOpen) => void
}

/**
 * All channels of one connection, for its session: hands each message to who deals with it, and each channel what it asks for.
 * Numbers are in `ChannelTable`, opening is in `OwnOpens` and `PeerOpens`, and whose data leaves next is in `ChannelTurns`.
 */
export class ChannelBook implements ChannelHost {
  readonly #carrier: ChannelCarrier
  readonly #limits: SshLimits
  readonly #clock: Clock
  readonly #table: ChannelTable
  readonly #turns: ChannelTurns
  readonly #ownOpens: OwnOpens
  readonly #peerOpens: PeerOpens
  #queuedBytes = 0
  readonly windows: WindowGrowth
  halfClose = false
  /** The peer takes early data. */
  earlyData = false

  constructor(deps: ChannelBookDeps) {
    const { carrier, limits, clock, log, onOpen } = deps
    this.windows = new WindowGrowth(limits.maxChannelWindowBytes)
    this.#carrier = carrier
    this.#limits = limits
    this.#clock = clock
    this.#turns = new ChannelTurns(carrier)
    const table = new ChannelTable(this, limits)
    this.#table = table
    this.#ownOpens = new OwnOpens({ host: this, table, carrier, limits, clock })
    this.#peerOpens = new PeerOpens({ table, carrier, limits, log, onOpen })
  }

  open(type: string, data: Buffer, options: RequestOptions): Promise<SshChannel> {
    return this.#ownOpens.open(type, data, options)
  }

  /** A channel that is there at once; undefined where the peer takes no early data, or none can be opened. */
  openEarly(type: string, data: Buffer, timeoutMs: number): SshChannel | undefined {
    return this.earlyData ? this.#ownOpens.openEarly(type, data, timeoutMs) : undefined
  }

  /** Any of the messages 90 to 100. */
  receive(type: number, payload: Buffer, lease: Lease): void {
    switch (type) {
      case MSG.CHANNEL_DATA:
        this.#table.channel(recipientOf(payload)).receiveData(dataOf(payload), lease)
        return
      case MSG.EARLY_DATA:
        this.#peerOpens.receiveEarly(recipientOf(payload), dataOf(payload), lease)
        return
      case MSG.CHANNEL_WINDOW_ADJUST: {
        const { recipientId, byteCount } = decodeWindowAdjust(payload)
        this.#table.channel(recipientId).receiveAdjust(byteCount)
        return
      }
      case MSG.CHANNEL_OPEN:
        this.#peerOpens.receive(payload)
        return
      case MSG.CHANNEL_OPEN_CONFIRMATION:
        this.#ownOpens.receiveConfirmation(payload)
        return
      case MSG.CHANNEL_OPEN_FAILURE:
        this.#ownOpens.receiveFailure(payload)
        return
      case MSG.CHANNEL_EOF:
        this.#table.channel(recipientOf(payload)).receiveEof()
        return
      case MSG.CHANNEL_CLOSE:
        this.#table.channel(recipientOf(payload)).receiveClose()
        return
      case MSG.CHANNEL_EXTENDED_DATA:
        this.#table.channel(recipientOf(payload)).dropData(Math.max(0, payload.length - 13))
        return
      case MSG.CHANNEL_REQUEST: {
        const request = decodeChannelRequest(payload)
        const channel = this.#table.channel(request.recipientId)
        if (request.wantReply) this.#carrier.send(encodeChannelRequestReply(channel.remoteId, false))
        return
      }
      default:
        // Replies to channel requests: we send none that want one.
        return
    }
  }

  /** Something waits for room on the link. */
  get hasWaiting(): boolean {
    return this.#turns.hasWaiting
  }

  /** There may be room on the link: lays out what waits for it. */
  layOut(): void {
    this.#turns.layOut()
  }

  ready(channel: SshChannel): void {
    this.#turns.wait(channel)
  }

  turnNow(channel: SshChannel, byteCount: number): void {
    this.#turns.now(channel, byteCount)
  }

  get isCrowded(): boolean {
    return this.#queuedBytes > this.#limits.connectionQueueBytes
  }

  queueChanged(byteCount: number): void {
    this.#queuedBytes += byteCount
  }

  now(): number {
    return this.#clock.monotonic()
  }

  sendWindowAdjust(recipientId: number, byteCount: number): void {
    this.#carrier.send(encodeWindowAdjust(recipientId, byteCount))
  }

  sendEof(recipientId: number): void {
    this.#carrier.send(encodeChannelEof(recipientId))
  }

  sendClose(recipientId: number): void {
    this.#carrier.send(encodeChannelClose(recipientId))
  }

  answerClose(recipientId: number): void {
    this.#carrier.sendUnhurried(encodeChannelClose(recipientId))
  }

  forget(channel: SshChannel): void {
    this.#table.delete(channel.localId)
    this.#peerOpens.forget(channel)
  }

  /** The connection is gone: every channel ends, every opening fails. */
  connectionLost(error: Error): void {
    this.#turns.clear()
    this.#table.loseAll(error)
  }
}
