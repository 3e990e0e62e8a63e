import { type Clock, type Logger, toError } from '@rport/kit'
import type { ChannelOpen, Lease } from '../channel.ts'
import type { RequestOptions } from '../connection.ts'
import { ChannelRefused, TransportError } from '../errors.ts'
import { EarlyData, earlyAllowance } from './early-data.ts'
import type { SshLimits } from './limits.ts'
import {
  CHANNEL_DATA_HEAD_BYTES,
  dataOf,
  decodeChannelRequest,
  decodeWindowAdjust,
  encodeChannelClose,
  encodeChannelEof,
  encodeChannelRequestReply,
  encodeWindowAdjust,
  recipientOf,
  writeChannelDataHead,
  writeEarlyDataHead,
} from './messages/channel-flow.ts'
import {
  type ChannelTerms,
  decodeChannelConfirmation,
  decodeChannelFailure,
  decodeChannelOpen,
  encodeChannelConfirmation,
  encodeChannelFailure,
  encodeChannelOpen,
} from './messages/channel-open.ts'
import { MSG } from './messages/numbers.ts'
import { type ChannelHost, SshChannel } from './ssh-channel.ts'
import { WindowGrowth } from './window-growth.ts'

/** Bytes that a channel may lay out in one turn: bulk data of one cannot starve the keystrokes of another. */
const TURN_BYTES = 128 * 1024
/** Keystrokes and short answers: they need not wait for their turn behind bulk data. */
const URGENT_BYTES = 4096
/** Data is laid out only while less than this waits below: what comes later is not late. */
const ROOM_BYTES = 512 * 1024
/** Type-specific rest of an open message. */
const MAX_OPEN_DATA_BYTES = 64 * 1024
/** The smallest window that a channel begins with, however many there are: two packets. */
const MIN_WINDOW_BYTES = 64 * 1024
/** Go sends between 9 bytes and 2^31 (wire-protocol 2.3). */
const MIN_PACKET_BYTES = 9

/** What the channels need of the packets below them. */
export interface ChannelCarrier {
  readonly canSendData: boolean
  readonly queuedBytes: number
  readonly slab: Buffer
  beginData(payloadBytes: number): number
  send(payload: Buffer): void
  /** Leaves with what the next turn of the event loop brings. */
  sendWithNext(payload: Buffer): void
  /** Nobody waits for it. */
  sendUnhurried(payload: Buffer): void
  scheduleFlush(): void
}

export interface ChannelBookDeps {
  readonly carrier: ChannelCarrier
  readonly limits: SshLimits
  readonly clock: Clock
  readonly log: Logger
  /** The peer wants a channel. */
  readonly onOpen: (open: ChannelOpen) => void
}

interface PendingOpen {
  readonly localId: number
  readonly message: Buffer
  readonly type: string
  /** What we have promised to take. */
  readonly window: number
  settle: ((outcome: SshChannel | Error) => void) | undefined
  /** Given to its owner before the peer has confirmed it. */
  early?: SshChannel
}

/** All channels of one connection: opening, numbers, turns. */
export class ChannelBook implements ChannelHost {
  readonly #carrier: ChannelCarrier
  readonly #limits: SshLimits
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onOpen: (open: ChannelOpen) => void
  readonly #channels = new Map<number, SshChannel | PendingOpen>()
  #nextId = 0
  #peerOpen = 0
  #ready: SshChannel[] = []
  #isLost = false
  #queuedBytes = 0
  readonly windows: WindowGrowth
  readonly #early = new EarlyData()
  /** Channels of ours that are used and not confirmed. */
  #opening = 0
  halfClose = false
  /** The peer takes early data. */
  earlyData = false

  constructor(deps: ChannelBookDeps) {
    this.windows = new WindowGrowth(deps.limits.maxChannelWindowBytes)
    this.#carrier = deps.carrier
    this.#limits = deps.limits
    this.#clock = deps.clock
    this.#log = deps.log
    this.#onOpen = deps.onOpen
  }

  open(type: string, data: Buffer, options: RequestOptions): Promise<SshChannel> {
    if (this.#isLost) return Promise.reject(new TransportError('closed', 'connection is closed'))
    if (this.#isFull) {
      return Promise.reject(
        new TransportError('too-many-requests', `${this.#limits.channels} channels are open already`),
      )
    }
    const { signal } = options
    return new Promise((resolve, reject) => {
      const pending = this.#ask(type, data, options.timeoutMs)
      const onAbort = () => pending.settle?.(toError(signal?.reason))
      const { settle } = pending
      pending.settle = (outcome) => {
        settle?.(outcome)
        signal?.removeEventListener('abort', onAbort)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#carrier.send(pending.message)
    })
  }

  /** A channel that is there at once; undefined where the peer takes no early data, or none can be opened. */
  openEarly(type: string, data: Buffer, timeoutMs: number): SshChannel | undefined {
    if (!this.earlyData || this.#isLost || this.#isFull) return undefined
    const pending = this.#ask(type, data, timeoutMs)
    const { localId, settle } = pending
    const channel = new SshChannel(this, type, {
      localId,
      remoteId: localId,
      remoteWindow: earlyAllowance(this.#opening),
      remotePacketBytes: this.#limits.channelPacketBytes,
      localWindow: pending.window,
      queueBytes: this.#limits.channelQueueBytes,
      isOpening: true,
    })
    this.#opening += 1
    pending.early = channel
    pending.settle = (outcome) => {
      settle?.(outcome)
      this.#opening -= 1
      if (outcome instanceof Error) channel.refuse(outcome)
    }
    this.#carrier.sendWithNext(pending.message)
    return channel
  }

  get #isFull(): boolean {
    return this.#channels.size >= this.#limits.channels
  }

  /** Keeps a place for a channel that the peer is asked for by `message`, for as long as it may take to answer. */
  #ask(type: string, data: Buffer, timeoutMs: number): PendingOpen {
    const localId = this.#takeId()
    const window = this.#fairWindow()
    const message = encodeChannelOpen({ type, data, ...this.#terms(localId, window) })
    const timer = this.#clock.setTimeout(() => {
      pending.settle?.(new TransportError('timed-out', `channel not confirmed within ${timeoutMs} ms`))
    }, timeoutMs)
    const settle = () => {
      pending.settle = undefined
      timer.cancel()
    }
    const pending: PendingOpen = { type, window, settle, localId, message }
    this.#channels.set(localId, pending)
    return pending
  }

  /** Any of the messages 90 to 100. */
  receive(type: number, payload: Buffer, lease: Lease): void {
    switch (type) {
      case MSG.CHANNEL_DATA:
        this.#channel(recipientOf(payload)).receiveData(dataOf(payload), lease)
        return
      case MSG.EARLY_DATA:
        this.#early.receive(recipientOf(payload), dataOf(payload), lease)
        return
      case MSG.CHANNEL_WINDOW_ADJUST: {
        const { recipientId, byteCount } = decodeWindowAdjust(payload)
        this.#channel(recipientId).receiveAdjust(byteCount)
        return
      }
      case MSG.CHANNEL_OPEN:
        this.#onPeerOpen(payload)
        return
      case MSG.CHANNEL_OPEN_CONFIRMATION:
        this.#onConfirmation(payload)
        return
      case MSG.CHANNEL_OPEN_FAILURE: {
        const failure = decodeChannelFailure(payload)
        this.#takePending(failure.recipientId).settle?.(new ChannelRefused(failure.reason, failure.text))
        return
      }
      case MSG.CHANNEL_EOF:
        this.#channel(recipientOf(payload)).receiveEof()
        return
      case MSG.CHANNEL_CLOSE:
        this.#channel(recipientOf(payload)).receiveClose()
        return
      case MSG.CHANNEL_EXTENDED_DATA:
        this.#channel(recipientOf(payload)).dropData(Math.max(0, payload.length - 13))
        return
      case MSG.CHANNEL_REQUEST: {
        const request = decodeChannelRequest(payload)
        const channel = this.#channel(request.recipientId)
        if (request.wantReply) this.#carrier.send(encodeChannelRequestReply(channel.remoteId, false))
        return
      }
      default:
        // Replies to channel requests: we send none that want one.
        return
    }
  }

  ready(channel: SshChannel): void {
    if (!channel.isReady) {
      channel.isReady = true
      this.#ready.push(channel)
    }
    this.#carrier.scheduleFlush()
  }

  turnNow(channel: SshChannel, byteCount: number): void {
    if (!this.#hasRoom || (this.#ready.length > 0 && byteCount > URGENT_BYTES)) return
    this.#turn(channel)
    this.#carrier.scheduleFlush()
  }

  /** Something waits for room on the link. */
  get hasWaiting(): boolean {
    return this.#ready.length > 0
  }

  get #hasRoom(): boolean {
    return this.#carrier.canSendData && this.#carrier.queuedBytes < ROOM_BYTES
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
      channel.copyNext(slab, at + CHANNEL_DATA_HEAD_BYTES, byteCount)
      laidOut += byteCount
    }
    channel.finishTurn()
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
    this.#channels.delete(channel.localId)
    this.#early.forget(channel)
    if (this.#peerOpened.delete(channel.localId)) this.#peerOpen -= 1
  }

  /** The connection is gone: every channel ends, every opening fails. */
  connectionLost(error: Error): void {
    this.#isLost = true
    const all = [...this.#channels.values()]
    this.#channels.clear()
    this.#ready = []
    for (const entry of all) {
      if (entry instanceof SshChannel) entry.connectionLost()
      else entry.settle?.(error)
    }
  }

  readonly #peerOpened = new Set<number>()

  #takeId(): number {
    while (this.#channels.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0
    const id = this.#nextId
    this.#nextId = (id + 1) >>> 0
    return id
  }

  #fairWindow(): number {
    const { channelWindowBytes, connectionWindowBytes } = this.#limits
    const share = Math.max(MIN_WINDOW_BYTES, Math.floor(connectionWindowBytes / (this.#channels.size + 1)))
    return Math.min(channelWindowBytes, share)
  }

  #terms(localId: number, window: number): ChannelTerms {
    return { senderId: localId, window, maxPacketBytes: this.#limits.channelPacketBytes }
  }

  #create(type: string, localId: number, terms: ChannelTerms, window: number): SshChannel {
    const channel = new SshChannel(this, type, {
      localId,
      remoteId: terms.senderId,
      remoteWindow: terms.window,
      // Peers that announce more than we build in one packet are given what we build.
      remotePacketBytes: Math.min(terms.maxPacketBytes, this.#limits.channelPacketBytes),
      localWindow: window,
      queueBytes: this.#limits.channelQueueBytes,
    })
    this.#channels.set(localId, channel)
    return channel
  }

  #checkTerms(terms: ChannelTerms): void {
    if (terms.maxPacketBytes >= MIN_PACKET_BYTES) return
    throw new TransportError('protocol-error', `channel with packets of ${terms.maxPacketBytes} bytes`)
  }

  #onPeerOpen(payload: Buffer): void {
    const message = decodeChannelOpen(payload)
    this.#checkTerms(message)
    if (message.data.length > MAX_OPEN_DATA_BYTES) throw new TransportError('protocol-error', 'channel open too large')
    const refuse = (...[reason, text]: Parameters<ChannelOpen['reject']>) =>
      this.#carrier.send(encodeChannelFailure(message.senderId, reason, text))
    if (this.#peerOpen >= this.#limits.peerChannels || this.#channels.size >= this.#limits.channels) {
      refuse('resource-shortage', `too many channels: ${this.#peerOpen} are open`)
      return
    }
    this.#peerOpen += 1
    this.#early.expect(message.senderId)
    let isDecided = false
    const decide = () => {
      if (isDecided) throw new Error('this channel has been accepted or rejected before')
      isDecided = true
    }
    const open: ChannelOpen = {
      type: message.type,
      data: Buffer.from(message.data),
      accept: () => {
        decide()
        const localId = this.#takeId()
        this.#peerOpened.add(localId)
        const window = this.#fairWindow()
        const channel = this.#create(message.type, localId, message, window)
        if (this.#isLost) {
          this.#channels.delete(localId)
          channel.connectionLost()
        } else {
          const confirmation = encodeChannelConfirmation(message.senderId, this.#terms(localId, window))
          // An opener that has said what it wants waits for the answer, not for us: the two can leave together.
          if (this.#early.hasAllBySize(message.senderId)) this.#carrier.sendUnhurried(confirmation)
          else this.#carrier.send(confirmation)
          this.#early.accept(message.senderId, channel)
        }
        return channel
      },
      reject: (reason, text) => {
        decide()
        this.#peerOpen -= 1
        this.#early.drop(message.senderId)
        refuse(reason, text)
      },
    }
    try {
      this.#onOpen(open)
    } catch (thrown) {
      this.#log.error({ err: thrown, channelType: message.type }, 'channel of the peer failed')
      if (!isDecided) open.reject('connect-failed', 'internal error')
    }
  }

  #onConfirmation(payload: Buffer): void {
    const confirmation = decodeChannelConfirmation(payload)
    this.#checkTerms(confirmation)
    const pending = this.#takePending(confirmation.recipientId)
    if (pending.early && pending.settle) {
      const packetBytes = Math.min(confirmation.maxPacketBytes, this.#limits.channelPacketBytes)
      this.#channels.set(confirmation.recipientId, pending.early)
      pending.settle(pending.early)
      pending.early.confirm(confirmation.senderId, confirmation.window, packetBytes)
      return
    }
    const channel = this.#create(pending.type, confirmation.recipientId, confirmation, pending.window)
    if (pending.settle) pending.settle(channel)
    // Nobody waits any more: what came too late is closed again.
    else channel.close()
  }

  #takePending(localId: number): PendingOpen {
    const entry = this.#channels.get(localId)
    if (!entry || entry instanceof SshChannel)
      throw new TransportError('protocol-error', `no channel ${localId} is being opened`)
    this.#channels.delete(localId)
    return entry
  }

  #channel(localId: number): SshChannel {
    const entry = this.#channels.get(localId)
    if (!(entry instanceof SshChannel)) throw new TransportError('protocol-error', `channel ${localId} is not open`)
    return entry
  }
}
