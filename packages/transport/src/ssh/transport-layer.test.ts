import { randomBytes } from 'node:crypto'
import { silentLogger } from '@rport/kit'
import { describe, expect, test } from 'vitest'
import { acceptLink } from '../accept.ts'
import { loginOverLink } from '../dial.ts'
import { TEST_HOST_KEY } from '../testing/connected-pair.ts'
import { createMemoryPair, type MemoryLink } from '../testing/memory-link.ts'
import { RawPeer, rawAgent } from '../testing/raw-peer.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { AES_CTR_CIPHERS, MAC_ALGORITHMS } from './algorithms/aes-ctr.ts'
import { type HostKey, hostKeyFromSeed } from './algorithms/host-key.ts'
import { KEX_ALGORITHMS } from './algorithms/kex.ts'
import { type AlgorithmChoice, ourOffer } from './algorithms/negotiate.ts'
import { encodeDisconnect, encodeUnimplemented } from './messages/disconnect.ts'
import { encodeKexPublic } from './messages/kex-reply.ts'
import { encodeKexInit, type KexInit } from './messages/kexinit.ts'
import { MSG } from './messages/numbers.ts'
import { PacketWriter } from './packet-writer.ts'

const message = (type: number, body: Buffer = Buffer.alloc(0)): Buffer => Buffer.concat([Buffer.from([type]), body])
const IGNORE = new ByteWriter().byte(MSG.IGNORE).string('nothing').finish()
const DEBUG = new ByteWriter().byte(MSG.DEBUG).boolean(false).string('x').string('').finish()
const NOTE = 200

/** Two layers that agree on keys, with nothing above them. */
async function layers(choice: AlgorithmChoice = {}, pieceBytes?: number) {
  const [serverLink, clientLink] = createMemoryPair(pieceBytes ? { pieceBytes } : {})
  const server = new RawPeer(serverLink, { role: { name: 'server', hostKey: TEST_HOST_KEY }, algorithms: choice })
  const client = new RawPeer(clientLink, { role: { name: 'client', acceptHostKey: () => undefined } })
  await Promise.all([server.ready, client.ready])
  return { server, client }
}

const SUITES: { name: string; choice: AlgorithmChoice }[] = [
  ...KEX_ALGORITHMS.map(({ name }) => ({ name, choice: { kex: [name] } })),
  ...['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com'].map((name) => ({
    name,
    choice: { ciphers: [name] },
  })),
  ...AES_CTR_CIPHERS.flatMap((cipher) =>
    MAC_ALGORITHMS.map((mac) => ({
      name: `${cipher.name} with ${mac.name}`,
      choice: { ciphers: [cipher.name], macs: [mac.name] },
    })),
  ),
]

describe.each(SUITES)('$name', ({ choice }) => {
  test('keys are agreed on and renewed by either side during traffic, nothing lost or turned around', async () => {
    const { server, client } = await layers(choice, 1000)
    const sent: Buffer[] = []
    for (let round = 0; round < 12; round += 1) {
      const note = message(NOTE, randomBytes(round * 700))
      sent.push(note)
      client.send(note)
      server.send(note)
      // Sometimes one side, sometimes the other, sometimes both at once.
      if (round % 3 !== 0) client.layer.rekey()
      if (round % 3 !== 1) server.layer.rekey()
      if (round % 2 === 0) client.send(IGNORE, DEBUG)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const note of sent) {
      expect((await server.next()).equals(note)).toBe(true)
      expect((await client.next()).equals(note)).toBe(true)
    }
  })
})

/** A server, and a line on which a test says byte by byte, in the clear, what a client says before there are keys. */
function serverAndLine() {
  const [serverLink, line] = createMemoryPair()
  const accepted = acceptLink(serverLink, {
    hostKey: TEST_HOST_KEY,
    verifyPassword: async () => true,
    log: silentLogger,
  })
  accepted.catch(() => undefined)
  const writer = new PacketWriter(line)
  writer.sendRaw(Buffer.from('SSH-2.0-test\r\n'))
  line.resume()
  const ended = new Promise<void>((resolve) => {
    line.onEnd = () => resolve()
  })
  const say = (...messages: Buffer[]) => {
    for (const one of messages) writer.send(one)
    writer.flush()
  }
  return { accepted, say, ended }
}

const offer = (changes: Partial<KexInit> = {}) =>
  encodeKexInit({ ...ourOffer('client', true), ...changes }, randomBytes(16))
const LENIENT = { kex: ['curve25519-sha256'] }
const publicValue = () =>
  encodeKexPublic(KEX_ALGORITHMS.find((kex) => kex.name === 'curve25519-sha256')!.start().publicValue, false)

describe('a strict first exchange', () => {
  test.each([
    ['IGNORE', IGNORE],
    ['DEBUG', DEBUG],
    ['UNIMPLEMENTED', encodeUnimplemented(0)],
  ])('is ended by %s in front of the first offer (Terrapin)', async (_name, injected) => {
    const { accepted, say } = serverAndLine()
    say(injected, offer())
    await expect(accepted).rejects.toThrow('before the first offer')
  })

  test.each([
    ['IGNORE', IGNORE],
    ['DEBUG', DEBUG],
    ['UNIMPLEMENTED', encodeUnimplemented(0)],
    ['PING', message(MSG.PING)],
    ['EXT_INFO', message(MSG.EXT_INFO)],
    ['a request', message(MSG.GLOBAL_REQUEST)],
  ])('is ended by %s behind the offer', async (_name, injected) => {
    const { accepted, say } = serverAndLine()
    say(offer(), injected)
    await expect(accepted).rejects.toThrow('during the first key exchange')
  })

  test('lets a disconnect through', async () => {
    const { accepted, say } = serverAndLine()
    say(offer(), encodeDisconnect(11, 'changed my mind'))
    await expect(accepted).rejects.toThrow('the peer disconnected: "changed my mind"')
  })

  test('is not demanded of peers that do not offer it', async () => {
    const { accepted, say } = serverAndLine()
    say(IGNORE, offer(LENIENT), IGNORE, DEBUG, message(MSG.NEWKEYS))
    // It got past the idle messages to the one that was out of order.
    await expect(accepted).rejects.toThrow('out of order')
  })
})

describe('key exchange messages out of order end the connection', () => {
  test.each([
    ['keys before any were agreed on', [message(MSG.NEWKEYS)], 'out of order'],
    ['a public value before the offer', [publicValue()], 'out of order'],
    ['keys right after the offer', [offer(LENIENT), message(MSG.NEWKEYS)], 'out of order'],
    ['two offers', [offer(LENIENT), offer(LENIENT)], 'second offer'],
    ['two public values', [offer(LENIENT), publicValue(), publicValue()], 'out of order'],
    ["the server's own message", [offer(LENIENT), message(MSG.KEX_REPLY)], 'unexpected key exchange message 31'],
    ['an unknown one', [offer(LENIENT), message(42)], 'unexpected key exchange message 42'],
    ['a request before the keys', [message(MSG.GLOBAL_REQUEST)], 'before the key exchange was over'],
    ['an offer that is cut off', [offer().subarray(0, 40)], 'malformed message'],
    ['an offer with nothing in common', [offer({ kex: ['x'] })], 'no common key exchange'],
  ])('%s', async (_what, messages, text) => {
    const { accepted, say, ended } = serverAndLine()
    say(...messages)
    await expect(accepted).rejects.toThrow(text)
    await ended
  })
})

test('a packet that was guessed wrong is skipped, and only that one', async () => {
  const { accepted, say } = serverAndLine()
  const guess = { ...LENIENT, firstPacketFollows: true, hostKeys: ['ssh-ed25519', 'ecdsa-sha2-nistp256'] }
  say(offer(guess), message(MSG.KEX_INIT, Buffer.from('garbage')), publicValue(), publicValue())
  await expect(accepted).rejects.toThrow('out of order')
})

describe('the host key', () => {
  const login = (link: MemoryLink) =>
    loginOverLink(link, { fingerprint: '', clientAuthId: 'a', password: 'b', log: silentLogger })
  const serve = (link: MemoryLink, hostKey: HostKey) => void new RawPeer(link, { role: { name: 'server', hostKey } })

  test('that cannot sign is refused', async () => {
    const [serverLink, clientLink] = createMemoryPair()
    serve(serverLink, { ...TEST_HOST_KEY, sign: (data) => hostKeyFromSeed('another').sign(data) })
    await expect(login(clientLink)).rejects.toMatchObject({
      code: 'handshake-failed',
      message: 'host key: the signature of the server is wrong',
    })
  })

  test('of another kind than agreed on is refused', async () => {
    const [serverLink, clientLink] = createMemoryPair()
    const publicBlob = new ByteWriter().string('ssh-ed25519').string(Buffer.alloc(32)).finish()
    serve(serverLink, { ...TEST_HOST_KEY, publicBlob })
    await expect(login(clientLink)).rejects.toThrow('does not fit ecdsa-sha2-nistp256')
  })

  test('is asked about once, not at every renewal', async () => {
    const [serverLink, clientLink] = createMemoryPair()
    const server = new RawPeer(serverLink, { role: { name: 'server', hostKey: TEST_HOST_KEY } })
    const asked: string[] = []
    const client = new RawPeer(clientLink, {
      role: { name: 'client', acceptHostKey: (print) => void asked.push(print) },
    })
    await client.ready
    for (let round = 0; round < 3; round += 1) {
      client.layer.rekey()
      client.send(message(NOTE))
      await server.next(NOTE)
    }
    expect(asked).toEqual([TEST_HOST_KEY.fingerprint])
  })
})

describe('after the first exchange', () => {
  test('a ping is answered with its payload, and nothing idle is answered', async () => {
    const { server, client } = await layers()
    client.send(IGNORE, DEBUG, encodeUnimplemented(7), message(MSG.PONG), message(MSG.EXT_INFO))
    client.send(new ByteWriter().byte(MSG.PING).string('still there').finish(), message(NOTE))
    server.send(message(NOTE))
    await server.next(NOTE)
    expect((await client.next())[0]).toBe(NOTE)
    expect([server.waiting, client.waiting]).toEqual([0, 0])
  })

  test('messages that come up during a renewal leave after it, in order', async () => {
    const { server, client } = await layers()
    client.layer.rekey()
    for (let index = 0; index < 50; index += 1) client.send(message(NOTE, Buffer.from([index])))
    for (let index = 0; index < 50; index += 1) expect((await server.next())[1]).toBe(index)
  })

  test('a renewal before login is refused: it would cost a stranger nothing and us a signature', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const accepted = acceptLink(serverLink, {
      hostKey: TEST_HOST_KEY,
      verifyPassword: async () => true,
      log: silentLogger,
    })
    const stranger = new RawPeer(agentLink, { role: { name: 'client', acceptHostKey: () => undefined } })
    await stranger.ready
    stranger.layer.rekey()
    await expect(accepted).rejects.toThrow('new keys asked for before login')
  })

  test('renewals without end and without traffic end the connection', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const accepted = acceptLink(serverLink, {
      hostKey: TEST_HOST_KEY,
      verifyPassword: async () => true,
      log: silentLogger,
    })
    const agent = await rawAgent(agentLink)
    const server = await accepted
    server.serve({ onRequest: () => ({ ok: true, payload: Buffer.alloc(0) }), onChannel: () => undefined })
    let isOver = false
    void agent.ended.then(() => {
      isOver = true
    })
    for (let count = 0; count < 1000 && !isOver; count += 1) {
      agent.layer.rekey()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await server.closed).toEqual({ code: 'protocol', text: 'new keys asked for too often' })
  })
})
