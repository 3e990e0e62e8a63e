import { hash as hashOf } from 'node:crypto'
import { ByteWriter } from '../wire/byte-writer.ts'
import type { DirectionKeys } from './algorithms/cipher.ts'
import type { KexAlgorithm, SharedSecret } from './algorithms/kex.ts'

/** What both sides said before the secret was known; all of it is signed. */
export interface ExchangeTranscript {
  readonly clientIdent: string
  readonly serverIdent: string
  readonly clientInit: Buffer
  readonly serverInit: Buffer
  readonly hostKey: Buffer
  readonly clientValue: Buffer
  readonly serverValue: Buffer
}

const writeSecret = (writer: ByteWriter, secret: SharedSecret): ByteWriter =>
  secret.encoding === 'mpint' ? writer.mpint(secret.bytes) : writer.string(secret.bytes)

/** H of RFC 4253 section 8, RFC 5656 section 4: the hash over everything, which the server signs. */
export function exchangeHash(kex: KexAlgorithm, transcript: ExchangeTranscript, secret: SharedSecret): Buffer {
  const writer = new ByteWriter()
    .string(transcript.clientIdent)
    .string(transcript.serverIdent)
    .string(transcript.clientInit)
    .string(transcript.serverInit)
    .string(transcript.hostKey)
  for (const value of [transcript.clientValue, transcript.serverValue]) {
    if (kex.valuesAreNumbers) writer.mpint(value)
    else writer.string(value)
  }
  return hashOf(kex.hash, writeSecret(writer, secret).finish(), 'buffer')
}

/**
 * Keys of one direction: HASH(K ‖ H ‖ letter ‖ session id), lengthened by HASH(K ‖ H ‖ what is there) (RFC 4253 section 7.2).
 * Letters: client to server A (iv), C (key), E (MAC); server to client B, D, F.
 */
export function directionKeys(
  kex: KexAlgorithm,
  secret: SharedSecret,
  hash: Buffer,
  sessionId: Buffer,
  direction: 'toServer' | 'toClient',
): DirectionKeys {
  const prefix = Buffer.concat([writeSecret(new ByteWriter(), secret).finish(), hash])
  const derive = (letter: string, byteCount: number): Buffer => {
    const hashed = (rest: Buffer) => hashOf(kex.hash, Buffer.concat([prefix, rest]), 'buffer')
    let key = hashed(Buffer.concat([Buffer.from(letter), sessionId]))
    while (key.length < byteCount) key = Buffer.concat([key, hashed(key)])
    return key.subarray(0, byteCount)
  }
  const letters = direction === 'toServer' ? 'ACE' : 'BDF'
  return {
    iv: (byteCount) => derive(letters.charAt(0), byteCount),
    key: (byteCount) => derive(letters.charAt(1), byteCount),
    macKey: (byteCount) => derive(letters.charAt(2), byteCount),
  }
}
