import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

/** What one side offers, in order of preference. Client to server is `…Out` for the client, `…In` for the server. */
export interface KexInit {
  readonly kex: readonly string[]
  readonly hostKeys: readonly string[]
  readonly ciphersToServer: readonly string[]
  readonly ciphersToClient: readonly string[]
  readonly macsToServer: readonly string[]
  readonly macsToClient: readonly string[]
  readonly compressionToServer: readonly string[]
  readonly compressionToClient: readonly string[]
  readonly firstPacketFollows: boolean
}

/** byte 20 | 16 bytes cookie | 10 name lists | boolean first_kex_packet_follows | uint32 0 (RFC 4253 section 7.1) */
export function encodeKexInit(offer: KexInit, cookie: Buffer): Buffer {
  const writer = new ByteWriter().byte(MSG.KEXINIT).raw(cookie).nameList(offer.kex).nameList(offer.hostKeys)
  writer.nameList(offer.ciphersToServer).nameList(offer.ciphersToClient)
  writer.nameList(offer.macsToServer).nameList(offer.macsToClient)
  writer.nameList(offer.compressionToServer).nameList(offer.compressionToClient)
  return writer.nameList([]).nameList([]).boolean(offer.firstPacketFollows).uint32(0).finish()
}

export function decodeKexInit(payload: Buffer): KexInit {
  const reader = new ByteReader(payload, 1)
  reader.raw(16)
  const kex = reader.nameList()
  const hostKeys = reader.nameList()
  const ciphersToServer = reader.nameList()
  const ciphersToClient = reader.nameList()
  const macsToServer = reader.nameList()
  const macsToClient = reader.nameList()
  const compressionToServer = reader.nameList()
  const compressionToClient = reader.nameList()
  reader.nameList()
  reader.nameList()
  return {
    kex,
    hostKeys,
    ciphersToServer,
    ciphersToClient,
    macsToServer,
    macsToClient,
    compressionToServer,
    compressionToClient,
    firstPacketFollows: reader.boolean(),
  }
}
