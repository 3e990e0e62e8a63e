import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChannelRefusal } from '../../channel.ts'
import { TransportError } from '../../errors.ts'
import {
  CHANNEL_DATA_HEAD_BYTES,
  decodeChannelRequest,
  decodeWindowAdjust,
  encodeChannelClose,
  encodeChannelEof,
  encodeChannelRequestReply,
  encodeWindowAdjust,
  writeChannelDataHead,
} from './channel-flow.ts'
import {
  decodeChannelConfirmation,
  decodeChannelFailure,
  decodeChannelOpen,
  encodeChannelConfirmation,
  encodeChannelFailure,
  encodeChannelOpen,
} from './channel-open.ts'
import { decodeDisconnect, encodeDisconnect, encodeUnimplemented } from './disconnect.ts'
import { encodeExtInfo } from './ext-info.ts'
import { decodeGlobalRequest, encodeGlobalRequest, encodeRequestReply } from './global-request.ts'
import { decodeKexPublic, decodeKexReply, encodeKexPublic, encodeKexReply } from './kex-reply.ts'
import { decodeKexInit, encodeKexInit } from './kexinit.ts'
import {
  decodeAuthFailure,
  decodeAuthRequest,
  decodeService,
  encodeAuthFailure,
  encodeAuthRequest,
  encodeServiceAccept,
  encodeServiceRequest,
} from './userauth.ts'

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const blob = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
const word = fc.string({ unit: 'grapheme', maxLength: 40 })
const names = fc.array(fc.stringMatching(/^[a-z0-9@.-]{1,20}$/), { maxLength: 6 })
const terms = { senderId: uint32, window: uint32, maxPacketBytes: uint32 }

describe('what one side encodes the other decodes', () => {
  test('channel open', () => {
    fc.assert(
      fc.property(fc.record({ type: word, data: blob, ...terms }), (message) => {
        expect(decodeChannelOpen(encodeChannelOpen(message))).toEqual(message)
      }),
    )
  })

  test('channel open confirmation', () => {
    fc.assert(
      fc.property(uint32, fc.record(terms), (recipientId, own) => {
        expect(decodeChannelConfirmation(encodeChannelConfirmation(recipientId, own))).toEqual({ recipientId, ...own })
      }),
    )
  })

  test('channel open failure', () => {
    const reasons: ChannelRefusal[] = ['prohibited', 'connect-failed', 'unknown-type', 'resource-shortage']
    fc.assert(
      fc.property(uint32, fc.constantFrom(...reasons), word, (recipientId, reason, text) => {
        expect(decodeChannelFailure(encodeChannelFailure(recipientId, reason, text))).toEqual({
          recipientId,
          reason,
          text,
        })
      }),
    )
  })

  test('window adjust', () => {
    fc.assert(
      fc.property(uint32, uint32, (recipientId, byteCount) => {
        expect(decodeWindowAdjust(encodeWindowAdjust(recipientId, byteCount))).toEqual({ recipientId, byteCount })
      }),
    )
  })

  test('disconnect, shortened to what a log can bear', () => {
    fc.assert(
      fc.property(uint32, fc.string({ maxLength: 1000 }), (reason, description) => {
        expect(decodeDisconnect(encodeDisconnect(reason, description))).toEqual({
          reason,
          description: description.slice(0, 200),
        })
      }),
    )
  })

  test('global requests with a raw payload', () => {
    fc.assert(
      fc.property(word, fc.boolean(), blob, (name, wantReply, payload) => {
        const decoded = decodeGlobalRequest(encodeGlobalRequest(name, wantReply, payload))
        expect(decoded).toEqual({ name, wantReply, payload })
      }),
    )
  })

  test('public values and signatures of a key exchange, as strings and as numbers', () => {
    const value = blob.filter((bytes) => bytes.length > 0 && bytes[0] !== 0)
    fc.assert(
      fc.property(blob, value, blob, fc.boolean(), (hostKey, publicValue, signature, asNumber) => {
        expect(decodeKexPublic(encodeKexPublic(publicValue, asNumber), asNumber)).toEqual(publicValue)
        const reply = { hostKey, publicValue, signature }
        expect(decodeKexReply(encodeKexReply(reply, asNumber), asNumber)).toEqual(reply)
      }),
    )
  })

  test('offers', () => {
    const offer = fc.record({
      kex: names,
      hostKeys: names,
      ciphersToServer: names,
      ciphersToClient: names,
      macsToServer: names,
      macsToClient: names,
      compressionToServer: names,
      compressionToClient: names,
      firstPacketFollows: fc.boolean(),
    })
    fc.assert(
      fc.property(offer, (message) => {
        expect(decodeKexInit(encodeKexInit(message, randomBytes(16)))).toEqual(message)
      }),
    )
  })

  test('login', () => {
    fc.assert(
      fc.property(word, fc.option(word, { nil: undefined }), (user, password) => {
        const method = password === undefined ? 'none' : 'password'
        expect(decodeAuthRequest(encodeAuthRequest(user, password))).toEqual({
          user,
          service: 'ssh-connection',
          method,
          password,
        })
      }),
    )
    expect(decodeAuthFailure(encodeAuthFailure(['password', 'publickey']))).toEqual(['password', 'publickey'])
    expect(decodeService(encodeServiceRequest('ssh-userauth'))).toBe('ssh-userauth')
    expect(decodeService(encodeServiceAccept('ssh-userauth'))).toBe('ssh-userauth')
  })
})

test('a change of password is no password', () => {
  const change = Buffer.from(encodeAuthRequest('u', 'old'))
  change[change.length - 'old'.length - 5] = 1
  expect(decodeAuthRequest(change)).toMatchObject({ method: 'password', password: undefined })
})

// Written down by hand from the RFCs, so that both directions cannot be wrong in the same way.
test.each([
  ['a request', encodeGlobalRequest('ping', true, Buffer.alloc(0)), '50 00000004 70696e67 01'],
  ['a success', encodeRequestReply(true, Buffer.from('null')), '51 6e756c6c'],
  ['a failure with its text', encodeRequestReply(false, Buffer.from('no')), '52 6e6f'],
  [
    'an open',
    encodeChannelOpen({ type: 'rport', senderId: 7, window: 2097152, maxPacketBytes: 32768, data: Buffer.from('h:1') }),
    '5a 00000005 72706f7274 00000007 00200000 00008000 683a31',
  ],
  ['an end', encodeChannelEof(3), '60 00000003'],
  ['a close', encodeChannelClose(3), '61 00000003'],
  ['a refused channel request', encodeChannelRequestReply(3, false), '64 00000003'],
  ['an unknown message', encodeUnimplemented(9), '03 00000009'],
  ['extensions', encodeExtInfo({ a: 'bc' }), '07 00000001 00000001 61 00000002 6263'],
  ['a refusal', encodeChannelFailure(1, 'prohibited', 'no'), '5c 00000001 00000001 00000002 6e6f 00000002 656e'],
])('%s has its bytes', (_what, message, expected) => {
  expect(message.toString('hex')).toBe(expected.replaceAll(' ', ''))
})

test('the head of channel data has its bytes', () => {
  const target = Buffer.alloc(CHANNEL_DATA_HEAD_BYTES + 1, 0xee)
  writeChannelDataHead(target, 1, 5, 32_768)
  expect(target.toString('hex')).toBe('ee5e0000000500008000')
})

describe('hostile bytes', () => {
  const decoders: Record<string, (payload: Buffer) => unknown> = {
    decodeChannelOpen,
    decodeChannelConfirmation,
    decodeChannelFailure,
    decodeWindowAdjust,
    decodeChannelRequest,
    decodeDisconnect,
    decodeGlobalRequest,
    decodeKexInit,
    decodeAuthRequest,
    decodeAuthFailure,
    decodeService,
    'decodeKexPublic as string': (payload) => decodeKexPublic(payload, false),
    'decodeKexPublic as number': (payload) => decodeKexPublic(payload, true),
    'decodeKexReply as string': (payload) => decodeKexReply(payload, false),
    'decodeKexReply as number': (payload) => decodeKexReply(payload, true),
  }
  // Lengths that lie come from the head of a right message, cut or changed at any byte; pure noise rarely gets that far.
  const seeds = [
    encodeChannelOpen({ type: 'rport', senderId: 1, window: 1, maxPacketBytes: 1, data: Buffer.from('x:1') }),
    encodeChannelFailure(1, 'prohibited', 'text'),
    encodeDisconnect(2, 'because'),
    encodeGlobalRequest('new_connection', true, Buffer.from('{}')),
    encodeAuthRequest('user', 'password'),
    encodeKexReply({ hostKey: Buffer.alloc(20), publicValue: Buffer.alloc(20, 1), signature: Buffer.alloc(20) }, true),
  ]
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.nat(100), fc.uint8Array({ maxLength: 8 }))
    .map(([seed, at, noise]) => {
      const bytes = Buffer.from(seed)
      Buffer.from(noise).copy(bytes, Math.min(at, bytes.length))
      return bytes
    })
  const cut = fc.tuple(fc.constantFrom(...seeds), fc.nat(100)).map(([seed, at]) => seed.subarray(0, at))
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

  test.each(Object.entries(decoders))('make %s throw nothing but TransportError', (_name, decode) => {
    fc.assert(
      fc.property(fc.oneof(damaged, cut, noise), (payload) => {
        try {
          decode(payload)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TransportError)
        }
      }),
    )
  })

  test.each([
    ['a request name', () => decodeGlobalRequest(encodeGlobalRequest('x'.repeat(300), true, Buffer.alloc(0)))],
    ['a user name', () => decodeAuthRequest(encodeAuthRequest('x'.repeat(300), 'p'))],
    ['a password', () => decodeAuthRequest(encodeAuthRequest('u', 'x'.repeat(2000)))],
    ['a public value', () => decodeKexPublic(encodeKexPublic(Buffer.alloc(3000, 1), false), false)],
    ['a description', () => decodeDisconnect(Buffer.concat([Buffer.from('0100000002', 'hex'), longText(9000)]))],
  ])('with %s that is too long are refused', (_what, decode) => {
    expect(decode).toThrow(TransportError)
  })
})

function longText(length: number): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(length)
  return Buffer.concat([head, Buffer.alloc(length, 120), Buffer.alloc(4)])
}
