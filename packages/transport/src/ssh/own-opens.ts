import { type Clock, toError } from '@rport/kit'
import type { RequestOptions } from '../connection.ts'
import { ChannelRefused, TransportError } from '../errors.ts'
import type { ChannelCarrier } from './channel-carrier.ts'
import { type ChannelTable, checkTerms, type PendingOpen } from './channel-table.ts'
import { earlyAllowance } from './early-data.ts'
import type { SshLimits } from './limits.ts'
import { decodeChannelConfirmation, decodeChannelFailure, encodeChannelOpen } from './messages/channel-open.ts'
import { type ChannelHost, SshChannel } from './ssh-channel.ts'

export interface OwnOpensDeps {
  readonly host: ChannelHost
  readonly table: ChannelTable
  readonly carrier: ChannelCarrier
  readonly limits: SshLimits
  readonly clock: Clock
}

/** The channels that we ask the peer for: the open, the wait for an answer, and the answer. */
export class OwnOpens {
  readonly #host: ChannelHost
  readonly #table: ChannelTable
  readonly #carrier: ChannelCarrier
  readonly #limits: SshLimits
  readonly #clock: Clock
  /** Channels that are used and not confirmed. */
  #opening = 0

  constructor(deps: OwnOpensDeps) {
    this.#host = deps.host
    this.#table = deps.table
    this.#carrier = deps.carrier
    this.#limits = deps.limits
    this.#clock = deps.clock
  }

  /** A channel once the peer has confirmed it; rejects with a TransportError, or with the reason of the signal. */
  open(type: string, data: Buffer, options: RequestOptions): Promise<SshChannel> {
    if (this.#table.isLost) return Promise.reject(new TransportError('closed', 'connection is closed'))
    if (this.#table.isFull) {
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

  /** A channel that is there at once, for a peer that takes early data; undefined where none can be opened. */
  openEarly(type: string, data: Buffer, timeoutMs: number): SshChannel | undefined {
    if (this.#table.isLost || this.#table.isFull) return undefined
    const pending = this.#ask(type, data, timeoutMs)
    const { localId, settle } = pending
    const channel = new SshChannel(this.#host, type, {
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

  /** SSH_MSG_CHANNEL_OPEN_CONFIRMATION */
  receiveConfirmation(payload: Buffer): void {
    const confirmation = decodeChannelConfirmation(payload)
    checkTerms(confirmation)
    const pending = this.#table.takePending(confirmation.recipientId)
    if (pending.early && pending.settle) {
      const packetBytes = Math.min(confirmation.maxPacketBytes, this.#limits.channelPacketBytes)
      this.#table.keep(pending.early)
      pending.settle(pending.early)
      pending.early.confirm(confirmation.senderId, confirmation.window, packetBytes)
      return
    }
    const channel = this.#table.create(pending.type, confirmation.recipientId, confirmation, pending.window)
    if (pending.settle) pending.settle(channel)
    // Nobody waits any more: what came too late is closed again.
    else channel.close()
  }

  /** SSH_MSG_CHANNEL_OPEN_FAILURE */
  receiveFailure(payload: Buffer): void {
    const failure = decodeChannelFailure(payload)
    this.#table.takePending(failure.recipientId).settle?.(new ChannelRefused(failure.reason, failure.text))
  }

  /** Keeps a place for a channel that the peer is asked for by `message`, for as long as it may take to answer. */
  #ask(type: string, data: Buffer, timeoutMs: number): PendingOpen {
    const localId = this.#table.takeId()
    const window = this.#table.fairWindow()
    const message = encodeChannelOpen({ type, data, ...this.#table.terms(localId, window) })
    const timer = this.#clock.setTimeout(() => {
      pending.settle?.(new TransportError('timed-out', `channel not confirmed within ${timeoutMs} ms`))
    }, timeoutMs)
    const settle = () => {
      pending.settle = undefined
      timer.cancel()
    }
    const pending: PendingOpen = { type, window, settle, localId, message }
    this.#table.keepPending(pending)
    return pending
  }
}
