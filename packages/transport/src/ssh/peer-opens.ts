import type { Logger } from '@rport/kit'
import type { ChannelOpen, Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import type { ChannelCarrier } from './channel-carrier.ts'
import { type ChannelTable, checkTerms } from './channel-table.ts'
import { EarlyData } from './early-data.ts'
import type { SshLimits } from './limits.ts'
import { decodeChannelOpen, encodeChannelConfirmation, encodeChannelFailure } from './messages/channel-open.ts'
import type { SshChannel } from './ssh-channel.ts'

/** Type-specific rest of an open message. */
const MAX_OPEN_DATA_BYTES = 64 * 1024

export interface PeerOpensDeps {
  readonly table: ChannelTable
  readonly carrier: ChannelCarrier
  readonly limits: SshLimits
  readonly log: Logger
  /** The peer wants a channel. */
  readonly onOpen: (open: ChannelOpen) => void
}

/** The channels that the peer asks us for: how many there may be, who decides about each, and what came for it before. */
export class PeerOpens {
  readonly #table: ChannelTable
  readonly #carrier: ChannelCarrier
  readonly #limits: SshLimits
  readonly #log: Logger
  readonly #onOpen: (open: ChannelOpen) => void
  readonly #early = new EarlyData()
  /** Our numbers of those that were accepted. */
  readonly #accepted = new Set<number>()
  /** Those that nobody has decided about, and those that were accepted. */
  #count = 0

  constructor(deps: PeerOpensDeps) {
    this.#table = deps.table
    this.#carrier = deps.carrier
    this.#limits = deps.limits
    this.#log = deps.log
    this.#onOpen = deps.onOpen
  }

  /** SSH_MSG_CHANNEL_OPEN */
  receive(payload: Buffer): void {
    const message = decodeChannelOpen(payload)
    checkTerms(message)
    if (message.data.length > MAX_OPEN_DATA_BYTES) throw new TransportError('protocol-error', 'channel open too large')
    const refuse = (...[reason, text]: Parameters<ChannelOpen['reject']>) =>
      this.#carrier.send(encodeChannelFailure(message.senderId, reason, text))
    if (this.#count >= this.#limits.peerChannels || this.#table.isFull) {
      refuse('resource-shortage', `too many channels: ${this.#count} are open`)
      return
    }
    this.#count += 1
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
        const localId = this.#table.takeId()
        this.#accepted.add(localId)
        const window = this.#table.fairWindow()
        const channel = this.#table.create(message.type, localId, message, window)
        if (this.#table.isLost) {
          this.#table.delete(localId)
          channel.connectionLost()
        } else {
          const confirmation = encodeChannelConfirmation(message.senderId, this.#table.terms(localId, window))
          // An opener that has said what it wants waits for the answer, not for us: the two can leave together.
          if (this.#early.hasAllBySize(message.senderId)) this.#carrier.sendUnhurried(confirmation)
          else this.#carrier.send(confirmation)
          this.#early.accept(message.senderId, channel)
        }
        return channel
      },
      reject: (reason, text) => {
        decide()
        this.#count -= 1
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

  /** Data for a channel that the peer may not know our number of. */
  receiveEarly(senderId: number, bytes: Buffer, lease: Lease): void {
    this.#early.receive(senderId, bytes, lease)
  }

  /** This channel, of whichever side, is over. */
  forget(channel: SshChannel): void {
    this.#early.forget(channel)
    if (this.#accepted.delete(channel.localId)) this.#count -= 1
  }
}
