import { TransportError } from '../errors.ts'
import type { SshLimits } from './limits.ts'
import type { ChannelTerms } from './messages/channel-open.ts'
import { type ChannelHost, SshChannel } from './ssh-channel.ts'

/** The smallest window that a channel begins with, however many there are: two packets. */
const MIN_WINDOW_BYTES = 64 * 1024
/** Go sends between 9 bytes and 2^31 (wire-protocol 2.3). */
const MIN_PACKET_BYTES = 9

/** A channel that the peer is asked for and has not answered yet. */
export interface PendingOpen {
  readonly localId: number
  readonly message: Buffer
  readonly type: string
  /** What we have promised to take. */
  readonly window: number
  /** Undefined once the outcome is known to who asked. */
  settle: ((outcome: SshChannel | Error) => void) | undefined
  /** Given to its owner before the peer has confirmed it. */
  early?: SshChannel
}

/** The channels of one connection by our numbers, those that are being opened among them. */
export class ChannelTable {
  readonly #host: ChannelHost
  readonly #limits: SshLimits
  readonly #entries = new Map<number, SshChannel | PendingOpen>()
  #nextId = 0
  #isLost = false

  constructor(host: ChannelHost, limits: SshLimits) {
    this.#host = host
    this.#limits = limits
  }

  /** The connection is gone: no channel comes to be any more. */
  get isLost(): boolean {
    return this.#isLost
  }

  get isFull(): boolean {
    return this.#entries.size >= this.#limits.channels
  }

  /** A number that no channel has. It is free until something is kept under it. */
  takeId(): number {
    while (this.#entries.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0
    const id = this.#nextId
    this.#nextId = (id + 1) >>> 0
    return id
  }

  /** Bytes that one more channel may begin with: the more there are, the fewer. */
  fairWindow(): number {
    const { channelWindowBytes, connectionWindowBytes } = this.#limits
    const share = Math.max(MIN_WINDOW_BYTES, Math.floor(connectionWindowBytes / (this.#entries.size + 1)))
    return Math.min(channelWindowBytes, share)
  }

  /** What we say about a channel of ours when we open or confirm it. */
  terms(localId: number, window: number): ChannelTerms {
    return { senderId: localId, window, maxPacketBytes: this.#limits.channelPacketBytes }
  }

  keepPending(pending: PendingOpen): void {
    this.#entries.set(pending.localId, pending)
  }

  /** Keeps a channel that was given to its owner before it was confirmed. */
  keep(channel: SshChannel): void {
    this.#entries.set(channel.localId, channel)
  }

  /** Makes and keeps a channel that both sides know; `terms` are the peer's, `window` is ours. */
  create(type: string, localId: number, terms: ChannelTerms, window: number): SshChannel {
    const channel = new SshChannel(this.#host, type, {
      localId,
      remoteId: terms.senderId,
      remoteWindow: terms.window,
      // Peers that announce more than we build in one packet are given what we build.
      remotePacketBytes: Math.min(terms.maxPacketBytes, this.#limits.channelPacketBytes),
      localWindow: window,
      queueBytes: this.#limits.channelQueueBytes,
    })
    this.#entries.set(localId, channel)
    return channel
  }

  /** @throws TransportError when the number is of no open channel */
  channel(localId: number): SshChannel {
    const entry = this.#entries.get(localId)
    if (!(entry instanceof SshChannel)) throw new TransportError('protocol-error', `channel ${localId} is not open`)
    return entry
  }

  /** The opening that the peer has answered; its number is free then. @throws TransportError when there is none */
  takePending(localId: number): PendingOpen {
    const entry = this.#entries.get(localId)
    if (!entry || entry instanceof SshChannel)
      throw new TransportError('protocol-error', `no channel ${localId} is being opened`)
    this.#entries.delete(localId)
    return entry
  }

  delete(localId: number): void {
    this.#entries.delete(localId)
  }

  /** The connection is gone: every channel ends, every opening fails. */
  loseAll(error: Error): void {
    this.#isLost = true
    const all = [...this.#entries.values()]
    this.#entries.clear()
    for (const entry of all) {
      if (entry instanceof SshChannel) entry.connectionLost()
      else entry.settle?.(error)
    }
  }
}

/** @throws TransportError when a peer's terms allow no channel to work */
export function checkTerms(terms: ChannelTerms): void {
  if (terms.maxPacketBytes >= MIN_PACKET_BYTES) return
  throw new TransportError('protocol-error', `channel with packets of ${terms.maxPacketBytes} bytes`)
}
