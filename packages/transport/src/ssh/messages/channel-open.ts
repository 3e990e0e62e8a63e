import type { ChannelRefusal } from '../../channel.ts'
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

const MAX_TYPE_BYTES = 256
const MAX_TEXT_BYTES = 4096

/** RFC 4254 section 5.1 */
const REASON_CODES: Readonly<Record<ChannelRefusal, number>> = {
  prohibited: 1,
  'connect-failed': 2,
  'unknown-type': 3,
  'resource-shortage': 4,
}

/** Windows and packet sizes that both kinds of open message carry. */
export interface ChannelTerms {
  /** The number by which the sender of this message knows the channel. */
  readonly senderId: number
  /** Bytes that the sender takes before the first window adjustment. */
  readonly window: number
  readonly maxPacketBytes: number
}

export interface ChannelOpenMessage extends ChannelTerms {
  readonly type: string
  /** Raw to the end of the packet: a view. */
  readonly data: Buffer
}

/** byte 90 | string type | uint32 sender | uint32 window | uint32 max packet | data to the end (RFC 4254 section 5.1) */
export const encodeChannelOpen = (message: ChannelOpenMessage): Buffer =>
  new ByteWriter()
    .byte(MSG.CHANNEL_OPEN)
    .string(message.type)
    .uint32(message.senderId)
    .uint32(message.window)
    .uint32(message.maxPacketBytes)
    .raw(message.data)
    .finish()

export function decodeChannelOpen(payload: Buffer): ChannelOpenMessage {
  const reader = new ByteReader(payload, 1)
  const type = reader.text(MAX_TYPE_BYTES)
  return {
    type,
    senderId: reader.uint32(),
    window: reader.uint32(),
    maxPacketBytes: reader.uint32(),
    data: reader.rest(),
  }
}

/** byte 91 | uint32 recipient | uint32 sender | uint32 window | uint32 max packet */
export const encodeChannelConfirmation = (recipientId: number, terms: ChannelTerms): Buffer =>
  new ByteWriter()
    .byte(MSG.CHANNEL_OPEN_CONFIRMATION)
    .uint32(recipientId)
    .uint32(terms.senderId)
    .uint32(terms.window)
    .uint32(terms.maxPacketBytes)
    .finish()

export function decodeChannelConfirmation(payload: Buffer): ChannelTerms & { recipientId: number } {
  const reader = new ByteReader(payload, 1)
  return {
    recipientId: reader.uint32(),
    senderId: reader.uint32(),
    window: reader.uint32(),
    maxPacketBytes: reader.uint32(),
  }
}

/** byte 92 | uint32 recipient | uint32 reason | string text | string language */
export const encodeChannelFailure = (recipientId: number, refusal: ChannelRefusal, text: string): Buffer =>
  new ByteWriter()
    .byte(MSG.CHANNEL_OPEN_FAILURE)
    .uint32(recipientId)
    .uint32(REASON_CODES[refusal])
    .string(text)
    .string('en')
    .finish()

export function decodeChannelFailure(payload: Buffer): {
  recipientId: number
  reason: ChannelRefusal | number
  text: string
} {
  const reader = new ByteReader(payload, 1)
  const recipientId = reader.uint32()
  const code = reader.uint32()
  const known = Object.entries(REASON_CODES).find(([, value]) => value === code)
  return { recipientId, reason: known ? (known[0] as ChannelRefusal) : code, text: reader.text(MAX_TEXT_BYTES) }
}
