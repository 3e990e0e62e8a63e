import { silentLogger, systemClock } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import { acceptLink } from '../accept.ts'
import type { Channel, ChannelOpen } from '../channel.ts'
import type { Connection } from '../connection.ts'
import type { ByteLink } from '../link.ts'
import { TEST_HOST_KEY } from '../testing/connected-pair.ts'
import { connectPair } from '../testing/index.ts'
import { createMemoryPair } from '../testing/memory-link.ts'
import { rawAgent } from '../testing/raw-peer.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { EARLY_BYTES } from './early-data.ts'
import { encodeChannelOpen } from './messages/channel-open.ts'
import { encodeGlobalRequest } from './messages/global-request.ts'
import { MSG } from './messages/numbers.ts'

const refuse = () => ({ ok: false, payload: Buffer.alloc(0) })
const inTime = { timeoutMs: 30_000 }

function openEarly(server: Connection, target: string): Channel {
  const channel = server.openEarly('rport', Buffer.from(target), inTime)
  if (!channel) throw new Error('the peer takes early data')
  return channel
}

async function meet(earlyData = true, clock = systemClock) {
  const { server, agent, serverLink, agentLink } = await connectPair({ clock })
  server.announcePeerFeatures({ halfClose: true, zeroMask: false, earlyData })
  agent.announcePeerFeatures({ halfClose: true, zeroMask: false })
  const opens: ChannelOpen[] = []
  const waiting: ((open: ChannelOpen) => void)[] = []
  agent.serve({
    onRequest: refuse,
    onChannel: (open) => {
      const next = waiting.shift()
      if (next) next(open)
      else opens.push(open)
    },
  })
  server.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
  const nextOpen = async () => opens.shift() ?? new Promise<ChannelOpen>((resolve) => waiting.push(resolve))
  return { server, agent, nextOpen, serverLink, agentLink }
}

const closed = (channel: Channel) =>
  new Promise<void>((resolve) => {
    channel.onClose = resolve
  })

function countWrites(link: ByteLink): () => number {
  let count = 0
  const write = link.write.bind(link)
  link.write = (...words) => {
    count += 1
    write(...words)
  }
  return () => count
}

/** Everything that arrives until the peer's end. */
function readAll(channel: Channel): Promise<string> {
  let text = ''
  return new Promise((resolve) => {
    channel.onEof = () => resolve(text)
    channel.onData = (bytes) => {
      text += bytes.toString()
      channel.consumed(bytes.length)
    }
  })
}

describe('a channel that is used before it is confirmed', () => {
  test('brings its first data with the open, and what follows behind it', async () => {
    const { server, nextOpen } = await meet()
    const channel = openEarly(server, 'x:1')
    channel.send(Buffer.from('first '))
    channel.send(Buffer.from('second '))
    const open = await nextOpen()
    const arriving = readAll(open.accept())
    channel.send(Buffer.from('third'))
    channel.sendEof()
    expect(await arriving).toBe('first second third')
  })

  test('leaves in one piece with its open, and the consent in one with the answer', async () => {
    const { server, nextOpen, serverLink, agentLink } = await meet()
    const [asked, answered] = [countWrites(serverLink), countWrites(agentLink)]
    const channel = openEarly(server, 'x:1')
    // A visitor's first bytes are there a turn after the visitor.
    await new Promise(setImmediate)
    channel.send(Buffer.from('question'))
    const accepted = (await nextOpen()).accept()
    accepted.send(Buffer.from('answer'))
    const arrived = new Promise<string>((resolve) => {
      channel.onData = (bytes) => resolve(bytes.toString())
    })
    expect(await arrived).toBe('answer')
    expect([asked(), answered()]).toEqual([1, 1])
  })

  test('sends no more than 64 KiB before, and the rest when it is confirmed', async () => {
    const { server, nextOpen } = await meet()
    const channel = openEarly(server, 'x:1')
    const sent = 'x'.repeat(300_000)
    channel.send(Buffer.from(sent))
    const open = await nextOpen()
    expect(channel.bytesSent).toBe(EARLY_BYTES)
    channel.sendEof()
    expect(await readAll(open.accept())).toBe(sent)
    expect(channel.bytesSent).toBe(300_000)
  })

  test('tells why it was refused, and what it had sent reaches nobody', async () => {
    const { server, nextOpen } = await meet()
    const channel = openEarly(server, 'x:1')
    channel.send(Buffer.from('secret'))
    const first = await nextOpen()
    first.reject('prohibited', 'not here')
    await closed(channel)
    expect(channel.refusal?.message).toContain('not here')
    expect(channel.isOpen).toBe(false)
    // The number may be used again: nothing of the old data may turn up.
    const second = openEarly(server, 'y:1')
    second.sendEof()
    expect(await readAll((await nextOpen()).accept())).toBe('')
  })

  test('is given up when nobody decides, and a late yes is closed again', async () => {
    const clock = createFakeClock()
    const { server, nextOpen } = await meet(true, clock)
    const channel = openEarly(server, 'x:1')
    const open = await nextOpen()
    await clock.advance(30_000)
    await closed(channel)
    expect(channel.refusal).toMatchObject({ code: 'timed-out' })
    await closed(open.accept())
  })

  test('may be closed before it is confirmed', async () => {
    const { server, nextOpen } = await meet()
    const channel = openEarly(server, 'x:1')
    channel.send(Buffer.from('bye'))
    channel.close()
    const ended = closed(channel)
    const accepted = (await nextOpen()).accept()
    accepted.onData = () => undefined
    await Promise.all([ended, closed(accepted)])
    expect(channel.refusal).toBeUndefined()
  })

  test('ends with its connection', async () => {
    const { server, nextOpen } = await meet()
    const channel = openEarly(server, 'x:1')
    await nextOpen()
    const ended = closed(channel)
    server.close()
    await ended
    expect(channel.refusal).toMatchObject({ code: 'closed' })
  })

  test('is waited for with peers that take no early data', async () => {
    const { server, nextOpen } = await meet(false)
    expect(server.openEarly('rport', Buffer.from('x:1'), inTime)).toBeUndefined()
    let isThere = false
    const opening = server.openChannel('rport', 'x:1', inTime).then(() => {
      isThere = true
    })
    const open = await nextOpen()
    expect(isThere).toBe(false)
    open.accept()
    await opening
  })
})

describe('a peer that sends early data', () => {
  const earlyData = (senderId: number, bytes: Buffer) =>
    new ByteWriter().byte(MSG.EARLY_DATA).uint32(senderId).string(bytes).finish()
  const open = (senderId: number) =>
    encodeChannelOpen({ type: 'x', senderId, window: 1 << 20, maxPacketBytes: 32_768, data: Buffer.alloc(0) })

  async function meetRaw() {
    const [serverLink, agentLink] = createMemoryPair()
    const accepted = acceptLink(serverLink, {
      hostKey: TEST_HOST_KEY,
      verifyPassword: async () => true,
      log: silentLogger,
    })
    const agent = await rawAgent(agentLink)
    const server = await accepted
    const opened: ChannelOpen[] = []
    server.serve({ onRequest: refuse, onChannel: (each) => void opened.push(each) })
    return { agent, server, opened }
  }

  test('for a channel that nobody knows is not listened to', async () => {
    const { agent, server } = await meetRaw()
    agent.send(earlyData(77, Buffer.from('hello')), open(1))
    agent.send(earlyData(77, Buffer.alloc(30_000)), Buffer.from([MSG.PING, 0, 0, 0, 0]))
    agent.send(encodeGlobalRequest('x', true, Buffer.alloc(0)))
    await agent.next(MSG.REQUEST_FAILURE)
    expect(server.isClosed).toBe(false)
    server.close()
  })

  test.each([
    ['more than one channel may have', () => [open(1), ...Array(3).fill(earlyData(1, Buffer.alloc(30_000)))]],
    [
      'more than all channels may have',
      () => Array.from({ length: 40 }, (_, id) => [open(id), earlyData(id, Buffer.alloc(30_000))]).flat(),
    ],
    ['of another length than it says', () => [open(1), Buffer.from([MSG.EARLY_DATA, 0, 0, 0, 1, 0, 0, 0, 9, 1])]],
    ['without a head', () => [open(1), Buffer.from([MSG.EARLY_DATA, 0, 0])]],
  ])('loses its connection for %s', async (_what, messages) => {
    const { agent, server } = await meetRaw()
    agent.send(...messages())
    expect(await server.closed).toMatchObject({ code: 'protocol' })
  })
})
