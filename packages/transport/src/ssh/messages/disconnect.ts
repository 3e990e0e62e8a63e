import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

/** byte 1 | uint32 reason | string description | string language (RFC 4253 section 11.1) */
export const encodeDisconnect = (reason: number, description: string): Buffer =>
  new ByteWriter().byte(MSG.DISCONNECT).uint32(reason).string(description.slice(0, 200)).string('').finish()

export function decodeDisconnect(payload: Buffer): { reason: number; description: string } {
  const reader = new ByteReader(payload, 1)
  return { reason: reader.uint32(), description: reader.text(8192).slice(0, 200) }
}

/** byte 3 | uint32 sequence number of the message that was not understood (RFC 4253 section 11.4) */
export const encodeUnimplemented = (sequence: number): Buffer =>
  new ByteWriter().byte(MSG.UNIMPLEMENTED).uint32(sequence).finish()
