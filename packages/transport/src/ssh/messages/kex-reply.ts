import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

/** Largest public value of a key exchange that we know: 1,216 bytes (mlkem768x25519), with room. */
const MAX_PUBLIC_BYTES = 2048
/** Largest host key and signature: RSA of 16,384 bits. */
const MAX_KEY_BYTES = 4200

/** byte 30 | string or mpint: the client's public value (RFC 5656 section 4, RFC 8731, RFC 4253 section 8) */
export const encodeKexPublic = (publicValue: Buffer, asNumber: boolean): Buffer => {
  const writer = new ByteWriter().byte(MSG.KEX_INIT)
  return (asNumber ? writer.mpint(publicValue) : writer.string(publicValue)).finish()
}

export const decodeKexPublic = (payload: Buffer, asNumber: boolean): Buffer => {
  const reader = new ByteReader(payload, 1)
  return Buffer.from(asNumber ? reader.mpint(MAX_PUBLIC_BYTES) : reader.string(MAX_PUBLIC_BYTES))
}

export interface KexReply {
  readonly hostKey: Buffer
  readonly publicValue: Buffer
  readonly signature: Buffer
}

/** byte 31 | string host key | string or mpint: the server's public value | string signature of the exchange hash */
export function encodeKexReply(reply: KexReply, asNumber: boolean): Buffer {
  const writer = new ByteWriter().byte(MSG.KEX_REPLY).string(reply.hostKey)
  if (asNumber) writer.mpint(reply.publicValue)
  else writer.string(reply.publicValue)
  return writer.string(reply.signature).finish()
}

export function decodeKexReply(payload: Buffer, asNumber: boolean): KexReply {
  const reader = new ByteReader(payload, 1)
  const hostKey = Buffer.from(reader.string(MAX_KEY_BYTES))
  const publicValue = Buffer.from(asNumber ? reader.mpint(MAX_PUBLIC_BYTES) : reader.string(MAX_PUBLIC_BYTES))
  return { hostKey, publicValue, signature: Buffer.from(reader.string(MAX_KEY_BYTES)) }
}
