import { TransportError } from '../../errors.ts'
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

/** Bytes in front of the data of SSH_MSG_CHANNEL_DATA: byte 94 | uint32 recipient | uint32 length. */
export const CHANNEL_DATA_HEAD_BYTES = 9

/** Writes the head of SSH_MSG_CHANNEL_DATA at `at`; the caller puts the data right behind it. */
export function writeChannelDataHead(target: Buffer, at: number, recipientId: number, byteCount: number): void {
  target[at] = MSG.CHANNEL_DATA
  target.writeUInt32BE(recipientId, at + 1)
  target.writeUInt32BE(byteCount, at + 5)
}

/** The same before the channel is confirmed: byte 200 | uint32 number that the open message gave | uint32 length. */
export function writeEarlyDataHead(target: Buffer, at: number, senderId: number, byteCount: number): void {
  writeChannelDataHead(target, at, senderId, byteCount)
  target[at] = MSG.EARLY_DATA
}

/** Whose the message is, of any message of a channel. @throws TransportError when it is too short to say */
export function recipientOf(payload: Buffer): number {
  if (payload.length < 5) throw malformed()
  return payload.readUInt32BE(1)
}

/** The data of SSH_MSG_CHANNEL_DATA: a view. @throws TransportError when it is not as long as it says */
export function dataOf(payload: Buffer): Buffer {
  if (payload.length < CHANNEL_DATA_HEAD_BYTES) throw malformed()
  if (payload.readUInt32BE(5) !== payload.length - CHANNEL_DATA_HEAD_BYTES) throw malformed()
  return payload.subarray(CHANNEL_DATA_HEAD_BYTES)
}

const malformed = (): TransportError => new TransportError('protocol-error', 'malformed channel message')

/** byte 93 | uint32 recipient | uint32 bytes to add */
export const encodeWindowAdjust = (recipientId: number, byteCount: number): Buffer =>
  new ByteWriter().byte(MSG.CHANNEL_WINDOW_ADJUST).uint32(recipientId).uint32(byteCount).finish()

export function decodeWindowAdjust(payload: Buffer): { recipientId: number; byteCount: number } {
  const reader = new ByteReader(payload, 1)
  return { recipientId: reader.uint32(), byteCount: reader.uint32() }
}

/** byte 96 (end of data) or 97 (close) | uint32 recipient */
export const encodeChannelEof = (recipientId: number): Buffer =>
  new ByteWriter().byte(MSG.CHANNEL_EOF).uint32(recipientId).finish()
export const encodeChannelClose = (recipientId: number): Buffer =>
  new ByteWriter().byte(MSG.CHANNEL_CLOSE).uint32(recipientId).finish()

/** byte 98 | uint32 recipient | string type | boolean want reply | rest */
export function decodeChannelRequest(payload: Buffer): { recipientId: number; type: string; wantReply: boolean } {
  const reader = new ByteReader(payload, 1)
  return { recipientId: reader.uint32(), type: reader.text(256), wantReply: reader.boolean() }
}

/** byte 99 (success) or 100 (failure) | uint32 recipient */
export const encodeChannelRequestReply = (recipientId: number, ok: boolean): Buffer =>
  new ByteWriter()
    .byte(ok ? MSG.CHANNEL_SUCCESS : MSG.CHANNEL_FAILURE)
    .uint32(recipientId)
    .finish()
