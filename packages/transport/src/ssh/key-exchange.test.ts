import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ByteWriter } from '../wire/byte-writer.ts'
import { KEX_ALGORITHMS, type KexAlgorithm, type SharedSecret } from './algorithms/kex.ts'
import { directionKeys, exchangeHash } from './key-exchange.ts'

const kexNamed = (name: string): KexAlgorithm => {
  const found = KEX_ALGORITHMS.find((algorithm) => algorithm.name === name)
  if (!found) throw new Error(name)
  return found
}
const sha256 = (...parts: (Buffer | string)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const TRANSCRIPT = {
  clientIdent: 'SSH-rport-v1-client',
  serverIdent: 'SSH-rport-v1-server',
  clientInit: Buffer.from('client offer'),
  serverInit: Buffer.from('server offer'),
  hostKey: Buffer.from('host key'),
  clientValue: Buffer.from([0x80, 1]),
  serverValue: Buffer.from([0x7f, 2]),
}
const SECRET: SharedSecret = { bytes: Buffer.from([0, 0, 0x90, 0x55]), encoding: 'mpint' }

// RFC 4253 section 8 and RFC 5656 section 4, spelled out.
test('the exchange hash covers everything both sides said, values as strings or as numbers', () => {
  const common = () => {
    const writer = new ByteWriter().string(TRANSCRIPT.clientIdent).string(TRANSCRIPT.serverIdent)
    return writer.string(TRANSCRIPT.clientInit).string(TRANSCRIPT.serverInit).string(TRANSCRIPT.hostKey)
  }
  const secret = Buffer.from('00000003009055', 'hex')
  const strings = common().string(TRANSCRIPT.clientValue).string(TRANSCRIPT.serverValue).raw(secret).finish()
  expect(exchangeHash(kexNamed('curve25519-sha256'), TRANSCRIPT, SECRET)).toEqual(sha256(strings))
  const numbers = Buffer.concat([common().finish(), Buffer.from('00000003008001000000027f02', 'hex'), secret])
  expect(exchangeHash(kexNamed('diffie-hellman-group14-sha256'), TRANSCRIPT, SECRET)).toEqual(sha256(numbers))
})

test('the hybrid secret enters as a string of all its bytes', () => {
  const hybrid: SharedSecret = { bytes: SECRET.bytes, encoding: 'string' }
  const kex = kexNamed('mlkem768x25519-sha256')
  expect(exchangeHash(kex, TRANSCRIPT, hybrid)).not.toEqual(exchangeHash(kex, TRANSCRIPT, SECRET))
})

// RFC 4253 section 7.2
test('keys are cut from hashes and lengthened by hashes of what is there', () => {
  const hash = Buffer.alloc(32, 1)
  const sessionId = Buffer.alloc(32, 2)
  const k = Buffer.from('00000003009055', 'hex')
  const kex = kexNamed('curve25519-sha256')
  const toServer = directionKeys(kex, SECRET, hash, sessionId, 'toServer')
  const toClient = directionKeys(kex, SECRET, hash, sessionId, 'toClient')
  expect(toServer.iv(12)).toEqual(sha256(k, hash, 'A', sessionId).subarray(0, 12))
  expect(toClient.iv(16)).toEqual(sha256(k, hash, 'B', sessionId).subarray(0, 16))
  expect(toServer.key(16)).toEqual(sha256(k, hash, 'C', sessionId).subarray(0, 16))
  expect(toServer.macKey(32)).toEqual(sha256(k, hash, 'E', sessionId))
  expect(toClient.macKey(20)).toEqual(sha256(k, hash, 'F', sessionId).subarray(0, 20))
  const first = sha256(k, hash, 'D', sessionId)
  const second = sha256(k, hash, first)
  const third = sha256(k, hash, first, second)
  expect(toClient.key(64)).toEqual(Buffer.concat([first, second]))
  expect(toClient.key(80)).toEqual(Buffer.concat([first, second, third]).subarray(0, 80))
})
