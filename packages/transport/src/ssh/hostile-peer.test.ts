import { setImmediate as nextTurn } from 'node:timers/promises'
import { createMemoryLogger } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import { acceptLink } from '../accept.ts'
import type { Channel, ChannelOpen } from '../channel.ts'
import type { Connection, ConnectionHandlers, RequestReply } from '../connection.ts'
import { loginOverLink } from '../dial.ts'
import { TEST_HOST_KEY } from '../testing/connected-pair.ts'
import { createMemoryPair, type MemoryLink } from '../testing/memory-link.ts'
import { type RawPeer, rawAgent, rawServer } from '../testing/raw-peer.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import type { SshLimits } from './limits.ts'
import { encodeChannelClose, encodeChannelEof, encodeWindowAdjust } from './messages/channel-flow.ts'
import { encodeChannelConfirmation, encodeChannelOpen } from './messages/channel-open.ts'
import { encodeUnimplemented } from './messages/disconnect.ts'
import { encodeGlobalRequest, encodeRequestReply } from './messages/global-request.ts'
import { MSG } from './messages/numbers.ts'
import { encodeAuthRequest, encodeServiceRequest } from './messages/userauth.ts'

const ok = (text = ''): RequestReply => ({ ok: true, payload: Buffer.from(text) })
const inTime = { timeoutMs: 30_000 }
const NOTHING = Buffer.alloc(0)

interface Met {
  readonly server: Connection
  readonly agent: RawPeer
  readonly agentLink: MemoryLink
  readonly serverLink: MemoryLink
  readonly log: ReturnType<typeof createMemoryLogger>
}

/** Our server, and an agent that does as the test says. */
async function meet(
  options: { limits?: Partial<SshLimits>; handlers?: Partial<ConnectionHandlers> } = {},
): Promise<Met> {
  const [serverLink, agentLink] = createMemoryPair()
  const log = createMemoryLogger()
  const accepted = acceptLink(serverLink, {
    hostKey: TEST_HOST_KEY,
    verifyPassword: async () => true,
    log,
    ...(options.limits ? { limits: options.limits } : {}),
  })
  const agent = await rawAgent(agentLink)
  const server = await accepted
  server.serve({
    onRequest: () => ok(),
    onChannel: (open) => open.reject('prohibited', 'no'),
    ...options.handlers,
  })
  return { server, agent, agentLink, serverLink, log }
}

const channelData = (recipientId: number, bytes: Buffer | string) =>
  new ByteWriter().byte(MSG.CHANNEL_DATA).uint32(recipientId).string(bytes).finish()

async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn()
}

/** A channel that our server has opened, and its number on both sides. */
async function openOne(met: Met, terms = { senderId: 77, window: 1_000_000, maxPacketBytes: 32_768 }) {
  const opening = met.server.openChannel('rport', 'x:1', inTime)
  const open = await met.agent.next(MSG.CHANNEL_OPEN)
  const id = open.readUInt32BE(1 + 4 + 'rport'.length)
  met.agent.send(encodeChannelConfirmation(id, terms))
  return { channel: await opening, id }
}

describe('a peer that breaks the rules of channels ends its connection', () => {
  const extended = (id: number, byteCount: number) =>
    new ByteWriter().byte(MSG.CHANNEL_EXTENDED_DATA).uint32(id).uint32(1).string(Buffer.alloc(byteCount)).finish()
  test.each<[string, (id: number) => Buffer[], string]>([
    ['data beyond the window', (id) => Array(3).fill(channelData(id, Buffer.alloc(50_000))), 'data beyond the window'],
    ['extended data beyond the window', (id) => [extended(id, 100_001)], 'data beyond the window'],
    ['data after the end', (id) => [encodeChannelEof(id), channelData(id, 'x')], 'data after the end'],
    ['a window beyond 2^32', (id) => Array(2).fill(encodeWindowAdjust(id, 0xffffffff)), 'window beyond 2^32'],
    ['data for a channel that is not open', () => [channelData(4711, 'x')], 'channel 4711 is not open'],
    ['the end of a channel that is not open', () => [encodeChannelEof(4711)], 'channel 4711 is not open'],
    ['a confirmation that nobody asked for', (id) => [encodeChannelConfirmation(id, TERMS)], 'is being opened'],
    ['a second close', (id) => [encodeChannelClose(id), encodeChannelClose(id)], 'not open'],
    ['data whose length lies', (id) => [Buffer.concat([channelData(id, 'x'), Buffer.from('y')])], 'malformed channel'],
    ['data that is cut off', (id) => [channelData(id, 'x').subarray(0, 6)], 'malformed channel'],
    ['a close that is cut off', () => [Buffer.from([MSG.CHANNEL_CLOSE, 0])], 'malformed channel'],
    ['an adjustment that is cut off', () => [Buffer.from([MSG.CHANNEL_WINDOW_ADJUST, 0])], 'malformed message'],
    [
      'an open with tiny packets',
      () => [encodeChannelOpen({ ...TERMS, maxPacketBytes: 8, type: 'x', data: NOTHING })],
      'packets of 8',
    ],
    [
      'an open with a book for a target',
      () => [encodeChannelOpen({ ...TERMS, type: 'x', data: Buffer.alloc(70_000) })],
      'open too large',
    ],
    ['a second login', () => [encodeServiceRequest('ssh-userauth')], 'service asked for twice'],
  ])('%s', async (_what, messages, text) => {
    const met = await meet({ limits: { channelWindowBytes: 100_000, maxChannelWindowBytes: 100_000 } })
    const { id } = await openOne(met)
    met.agent.send(...messages(id))
    const reason = await met.server.closed
    expect(reason).toMatchObject({ code: 'protocol', text: expect.stringContaining(text) })
  })
  const TERMS = { senderId: 1, window: 1000, maxPacketBytes: 1000 }
})

test('a login repeated after login is ignored, not judged', async () => {
  const { agent, server } = await meet()
  agent.send(encodeAuthRequest('root', 'guess'), encodeGlobalRequest('ping', true, NOTHING))
  expect((await agent.next())[0]).toBe(MSG.REQUEST_SUCCESS)
  expect(server.user).toBe('agent-1')
})

test('a message that nobody knows is answered; being told so is not, or two peers would never stop', async () => {
  const { agent, server } = await meet()
  const before = server.bytesSent
  agent.send(encodeUnimplemented(3), encodeUnimplemented(4))
  await turns()
  expect(server.bytesSent).toBe(before)
  agent.send(Buffer.from([210]))
  await turns()
  expect(server.bytesSent).toBeGreaterThan(before)
  expect(server.isClosed).toBe(false)
})

describe('a peer that does not read', () => {
  test('and asks on and on is not read either', async () => {
    let asked = 0
    const met = await meet({
      handlers: {
        onRequest: () => {
          asked += 1
          return ok('x'.repeat(1000))
        },
      },
    })
    met.agentLink.pause()
    for (let count = 0; count < 20_000; count += 1) met.agent.send(encodeGlobalRequest('ask', true, NOTHING))
    await turns(200)
    const stoppedAt = asked
    expect(stoppedAt).toBeLessThan(10_000)
    expect(met.serverLink.queuedBytes).toBeLessThan(8_000_000)
    await turns()
    expect(asked).toBe(stoppedAt)
    expect(met.server.isClosed).toBe(false)
    met.agentLink.resume()
    while (asked < 20_000) await nextTurn()
    for (let count = 0; count < 20_000; count += 1) await met.agent.next(MSG.REQUEST_SUCCESS)
  })

  test('and pings on and on is not read either', async () => {
    const met = await meet()
    met.agentLink.pause()
    const ping = new ByteWriter().byte(MSG.PING).string(Buffer.alloc(30_000)).finish()
    for (let count = 0; count < 2000; count += 1) met.agent.send(ping)
    await turns(200)
    expect(met.serverLink.queuedBytes).toBeLessThan(16_000_000)
    expect(met.server.isClosed).toBe(false)
  })

  test('is ended when our own messages to it pile up', async () => {
    const met = await meet({ limits: { controlQueueBytes: 1_000_000 } })
    met.agentLink.pause()
    for (let count = 0; count < 20 && !met.server.isClosed; count += 1) {
      met.server.notify('put_capabilities', Buffer.alloc(100_000))
      await nextTurn()
    }
    expect(await met.server.closed).toMatchObject({ code: 'protocol', text: expect.stringContaining('does not read') })
  })

  test('is asked no further questions', async () => {
    const met = await meet({ limits: { controlQueueBytes: 1_000_000 } })
    met.agentLink.pause()
    const asked = Array.from({ length: 20 }, () =>
      met.server.request('run_cmd', Buffer.alloc(100_000), inTime).catch((error: { code?: string }) => error.code),
    )
    met.server.close()
    const outcomes = await Promise.all(asked)
    expect(new Set(outcomes)).toEqual(new Set(['closed', 'too-many-requests']))
  })

  test('holds up no other connection, and data only up to a bound', async () => {
    const met = await meet()
    const { channel } = await openOne(met, { senderId: 1, window: 0xffffffff, maxPacketBytes: 32_768 })
    met.agentLink.pause()
    let accepted = 0
    for (let round = 0; round < 200; round += 1) {
      while (channel.send(Buffer.alloc(64 * 1024))) accepted += 64 * 1024
      await nextTurn()
      if (channel.queuedBytes > 200_000) break
    }
    await turns()
    expect(met.serverLink.queuedBytes + channel.queuedBytes).toBeLessThan(2_000_000)
    expect(accepted).toBeLessThan(3_000_000)
  })
})

describe('requests that their owner has not dealt with', () => {
  test('make the peer wait when they are many, and go on when they are done', async () => {
    const waiting: (() => void)[] = []
    let seen = 0
    const met = await meet({
      limits: { unansweredRequests: 10 },
      handlers: {
        onRequest: () => {
          seen += 1
          return new Promise((resolve) => waiting.push(() => resolve(ok())))
        },
      },
    })
    for (let count = 0; count < 1000; count += 1) {
      met.agent.send(encodeGlobalRequest('save_measurement', false, Buffer.alloc(20)))
      if (count % 10 === 0) await nextTurn()
    }
    await turns()
    expect(seen).toBeLessThan(100)
    while (seen < 1000) {
      for (const finish of waiting.splice(0)) finish()
      await nextTurn()
    }
    expect(met.server.isClosed).toBe(false)
  })

  test('make it wait when they are large', async () => {
    let bytes = 0
    const met = await meet({
      handlers: {
        onRequest: (_name, payload) => {
          bytes += payload.length
          return new Promise(() => undefined)
        },
      },
    })
    for (let count = 0; count < 60; count += 1) {
      met.agent.send(encodeGlobalRequest('cmd_result', false, Buffer.alloc(250_000)))
      await nextTurn()
    }
    await turns()
    expect(bytes).toBeLessThan(6_000_000)
  })
})

describe('a callback of ours that is at fault', () => {
  test('when it judges a channel costs that channel', async () => {
    const met = await meet({
      handlers: {
        onChannel: () => {
          throw new Error('bug')
        },
      },
    })
    met.agent.send(encodeChannelOpen({ type: 'session', senderId: 5, window: 1, maxPacketBytes: 1000, data: NOTHING }))
    const refusal = await met.agent.next()
    expect([refusal[0], refusal.toString('latin1').includes('bug')]).toEqual([MSG.CHANNEL_OPEN_FAILURE, false])
    expect(met.log.lines.map((line) => line.message)).toContain('channel of the peer failed')
    expect(met.server.isClosed).toBe(false)
  })

  test('when it answers nonsense later costs an empty failure', async () => {
    const met = await meet({ handlers: { onRequest: () => Promise.resolve(undefined as unknown as RequestReply) } })
    met.agent.send(encodeGlobalRequest('x', true, NOTHING))
    expect((await met.agent.next()).toString('hex')).toBe('52')
  })

  test('when it answers more than a Go peer can take, the peer gets a failure it can read', async () => {
    const met = await meet({ handlers: { onRequest: () => ok('x'.repeat(300_000)) } })
    met.agent.send(encodeGlobalRequest('x', true, NOTHING))
    const reply = await met.agent.next()
    expect([reply[0], reply.subarray(1).toString()]).toEqual([82, 'answer of 300000 bytes, at most 261632 can be sent'])
  })

  test('when it takes data ends the connection and is logged with its cause', async () => {
    const met = await meet()
    const { channel, id } = await openOne(met)
    channel.onData = () => {
      throw new Error('bug in a reader')
    }
    met.agent.send(channelData(id, 'x'))
    expect((await met.server.closed).code).toBe('protocol')
    expect(met.log.text()).toContain('bug in a reader')
  })
})

test('nothing of the same read is handed up after the owner has closed', async () => {
  const seen: string[] = []
  const met: Met = await meet({
    handlers: {
      onRequest: (name) => {
        seen.push(name)
        met.server.close('enough')
        return ok()
      },
    },
  })
  met.agent.send(encodeGlobalRequest('first', false, NOTHING), encodeGlobalRequest('second', false, NOTHING))
  await met.server.closed
  await turns()
  expect(seen).toEqual(['first'])
})

test('what was said right before a close still leaves', async () => {
  const met: Met = await meet({
    handlers: {
      onRequest: () => {
        queueMicrotask(() => met.server.close('refused'))
        return { ok: false, payload: Buffer.from('client is already connected: x') }
      },
    },
  })
  met.agent.send(encodeGlobalRequest('new_connection', true, NOTHING))
  expect((await met.agent.next()).subarray(1).toString()).toBe('client is already connected: x')
})

test('a peer that opens and closes channels for ever leaves nothing behind', async () => {
  const opens: ChannelOpen[] = []
  const met = await meet({
    limits: { peerChannels: 4 },
    handlers: {
      onChannel: (open) => {
        opens.push(open)
        open.accept()
      },
    },
  })
  for (let round = 0; round < 500; round += 1) {
    met.agent.send(
      encodeChannelOpen({ type: 'stdout', senderId: round, window: 10, maxPacketBytes: 100, data: NOTHING }),
    )
    const confirmation = await met.agent.next(MSG.CHANNEL_OPEN_CONFIRMATION)
    met.agent.send(encodeChannelClose(confirmation.readUInt32BE(5)))
    await met.agent.next(MSG.CHANNEL_CLOSE)
  }
  expect(opens.length).toBe(500)
  expect(met.server.isClosed).toBe(false)
})

test('a channel request is refused when an answer is wanted', async () => {
  const met = await meet()
  const { id } = await openOne(met)
  const request = new ByteWriter()
    .byte(MSG.CHANNEL_REQUEST)
    .uint32(id)
    .string('exec')
    .boolean(true)
    .string('id')
    .finish()
  met.agent.send(request)
  expect((await met.agent.next()).toString('hex')).toBe('640000004d')
})

test('extended data counts against the window and is given back', async () => {
  const met = await meet({ limits: { channelWindowBytes: 10_000, maxChannelWindowBytes: 10_000 } })
  const { id } = await openOne(met)
  const data = new ByteWriter().byte(MSG.CHANNEL_EXTENDED_DATA).uint32(id).uint32(1).string(Buffer.alloc(6000)).finish()
  met.agent.send(data)
  expect((await met.agent.next()).toString('hex')).toBe(encodeWindowAdjust(77, 6000).toString('hex'))
})

test('an owner that counts received bytes twice does not open the window beyond its size', async () => {
  const met = await meet({ limits: { channelWindowBytes: 10_000, maxChannelWindowBytes: 10_000 } })
  const { channel, id } = await openOne(met)
  channel.onData = (bytes) => {
    channel.consumed(bytes.length)
    channel.consumed(bytes.length * 100)
  }
  met.agent.send(channelData(id, Buffer.alloc(6000)))
  expect((await met.agent.next()).readUInt32BE(5)).toBe(6000)
})

test('a reply that nobody waits for is dropped', async () => {
  const met = await meet()
  met.agent.send(encodeRequestReply(true, Buffer.from('null')), encodeRequestReply(true, Buffer.from('null')))
  await turns()
  const asked = met.server.request('ping', '', inTime)
  await met.agent.next(MSG.GLOBAL_REQUEST)
  met.agent.send(encodeRequestReply(true, Buffer.from('right')))
  expect((await asked).payload.toString()).toBe('right')
})

test('with many channels open later ones begin with smaller windows', async () => {
  const windows: number[] = []
  const met = await meet({
    limits: { channelWindowBytes: 1_000_000, maxChannelWindowBytes: 1_000_000, connectionWindowBytes: 2_000_000 },
  })
  for (let count = 0; count < 40; count += 1) {
    void met.server.openChannel('rport', 'x:1', inTime).catch(() => undefined)
    windows.push((await met.agent.next(MSG.CHANNEL_OPEN)).readUInt32BE(14))
  }
  expect([windows[0], windows[1], windows[3], windows[39]]).toEqual([1_000_000, 1_000_000, 500_000, 65_536])
})

test('with much waiting in all channels together each source is stopped early', async () => {
  const met = await meet({ limits: { connectionQueueBytes: 300_000, channelQueueBytes: 200_000 } })
  const channels: Channel[] = []
  for (let count = 0; count < 4; count += 1) {
    channels.push((await openOne(met, { senderId: count, window: 0, maxPacketBytes: 32_768 })).channel)
  }
  const taken = channels.map((channel) => {
    while (channel.send(Buffer.alloc(20_000)));
    return channel.queuedBytes
  })
  expect(taken).toEqual([200_000, 120_000, 40_000, 40_000])
})

describe('our agent', () => {
  const login = (link: MemoryLink) =>
    loginOverLink(link, { fingerprint: '', clientAuthId: 'a', password: 's3cret-pw', log: createMemoryLogger() })

  test('gives the password to a server once, and to no log or error', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const log = createMemoryLogger()
    const accepted = acceptLink(serverLink, { hostKey: TEST_HOST_KEY, verifyPassword: async () => false, log })
    const failure = await login(agentLink).catch((error: Error) => error)
    const refusal = await accepted.catch((error: Error) => error)
    expect(String(failure) + String(refusal) + log.text()).not.toContain('s3cret-pw')
  })

  test('serves what the server asks right behind the login', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const serving = rawServer(serverLink, { role: { name: 'server', hostKey: TEST_HOST_KEY } })
    const agent = await login(agentLink)
    const server = await serving
    server.send(encodeGlobalRequest('check_tunnel_allowed', true, Buffer.from('{}')))
    await turns()
    agent.serve({ onRequest: (name) => ok(name), onChannel: () => undefined })
    await server.next(MSG.USERAUTH_REQUEST)
    expect((await server.next()).subarray(1).toString()).toBe('check_tunnel_allowed')
  })

  test('sends no larger channel open than peers take', async () => {
    const { server } = await meet()
    await expect(server.openChannel('rport', Buffer.alloc(70_000), inTime)).rejects.toMatchObject({
      code: 'too-large',
    })
  })
})
