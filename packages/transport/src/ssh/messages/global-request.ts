import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

const MAX_NAME_BYTES = 256

export interface GlobalRequest {
  readonly name: string
  readonly wantReply: boolean
  /** Raw to the end of the packet, no length in front: a view. */
  readonly payload: Buffer
}

/** byte 80 | string name | boolean want reply | payload to the end of the packet (RFC 4254 section 4; wire-protocol 3.1) */
export const encodeGlobalRequest = (name: string, wantReply: boolean, payload: Uint8Array): Buffer =>
  new ByteWriter().byte(MSG.GLOBAL_REQUEST).string(name).boolean(wantReply).raw(payload).finish()

export function decodeGlobalRequest(packet: Buffer): GlobalRequest {
  const reader = new ByteReader(packet, 1)
  return { name: reader.text(MAX_NAME_BYTES), wantReply: reader.boolean(), payload: reader.rest() }
}

/** byte 81 or 82 | payload to the end of the packet; a failure carries text, which RFC 4254 does not know (wire-protocol 3.1) */
export const encodeRequestReply = (ok: boolean, payload: Uint8Array): Buffer =>
  new ByteWriter()
    .byte(ok ? MSG.REQUEST_SUCCESS : MSG.REQUEST_FAILURE)
    .raw(payload)
    .finish()
