import { createHash, randomBytes } from 'node:crypto'
import { silentLogger } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import { acceptLink } from '../accept.ts'
import type { Channel, ChannelOpen } from '../channel.ts'
import type { Connection, ConnectionHandlers, RequestReply } from '../connection.ts'
import { loginOverLink } from '../dial.ts'
import { TransportError } from '../errors.ts'
import { type ConnectedPairOptions, connectPair as joinPair } from '../testing/connected-pair.ts'
import { createMemoryPair } from '../testing/memory-link.ts'
import { randomHostKey } from './algorithms/host-key.ts'
import type { SshSession } from './session.ts'

/** A pair of which each side serves nothing until a test says what it serves. */
async function connectPair(options: ConnectedPairOptions = {}) {
  const pair = await joinPair(options)
  const served = { server: serveNothing, agent: serveNothing }
  const delegate = (side: 'server' | 'agent') => {
    pair[side].serve({
      onRequest: (...question) => served[side].onRequest(...question),
      onChannel: (open) => served[side].onChannel(open),
    })
    return Object.assign(pair[side], {
      serve: (handlers: ConnectionHandlers) => {
        served[side] = handlers
      },
    })
  }
  return { ...pair, server: delegate('server'), agent: delegate('agent') }
}

const ok = (text: string): RequestReply => ({ ok: true, payload: Buffer.from(text) })
const serveNothing: ConnectionHandlers = {
  onRequest: () => ({ ok: false, payload: Buffer.from('unknown request') }),
  onChannel: (open) => open.reject('unknown-type', 'no channels here'),
}
const patiently = { timeoutMs: 10_000 }

/** Enough turns of the event loop for all that was sent to arrive. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

function collect(channel: Channel): { bytes(): Buffer; ended: Promise<void> } {
  const parts: Buffer[] = []
  const ended = new Promise<void>((resolve) => {
    channel.onClose = resolve
  })
  channel.onData = (bytes) => {
    parts.push(Buffer.from(bytes))
    channel.consumed(bytes.length)
  }
  return { bytes: () => Buffer.concat(parts), ended }
}

/** Sends everything, waiting whenever the channel asks for it. */
function sendAll(channel: Channel, bytes: Buffer, pieceBytes = 64 * 1024): void {
  let at = 0
  const go = () => {
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + pieceBytes)
      at += piece.length
      if (!channel.send(piece)) {
        channel.onDrain = go
        return
      }
    }
    channel.close()
  }
  go()
}

const serveEcho = (connection: Connection, onOpen?: (open: ChannelOpen) => void) =>
  connection.serve({
    onRequest: (name, payload) => ok(`${name}:${payload.toString()}`),
    onChannel: onOpen ?? ((open) => open.reject('prohibited', 'no')),
  })

describe('login', () => {
  test('proves the client auth id to the server and identifies both peers', async () => {
    const { server, agent } = await connectPair()
    expect(server.user).toBe('agent-1')
    expect(server.peerIdent).toBe('SSH-rport-v1-client')
    expect(agent.peerIdent).toBe('SSH-rport-v1-server')
  })

  test('works when the stream arrives byte by byte', async () => {
    const { server, agent } = await connectPair({ pieceBytes: 1 })
    serveEcho(server)
    await expect(agent.request('x', 'y', patiently)).resolves.toMatchObject({ ok: true })
  })

  test('refuses a wrong password and says so', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const key = randomHostKey()
    const accepted = acceptLink(serverLink, { hostKey: key, verifyPassword: async () => false, log: silentLogger })
    const dialled = loginOverLink(agentLink, { fingerprint: '', clientAuthId: 'a', password: 'b', log: silentLogger })
    await expect(dialled).rejects.toMatchObject({ code: 'auth-refused' })
    await expect(accepted).rejects.toBeInstanceOf(TransportError)
  })

  test('sends no password to a server with a wrong fingerprint', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const asked: string[] = []
    const accepted = acceptLink(serverLink, {
      hostKey: randomHostKey(),
      verifyPassword: async (user, password) => {
        asked.push(user, password)
        return true
      },
      log: silentLogger,
    })
    const dialled = loginOverLink(agentLink, {
      fingerprint: '00:11',
      clientAuthId: 'a',
      password: 'secret',
      log: silentLogger,
    })
    await expect(dialled).rejects.toMatchObject({
      code: 'fingerprint-mismatch',
      message: expect.stringContaining('invalid fingerprint ('),
    })
    await expect(accepted).rejects.toBeInstanceOf(TransportError)
    expect(asked).toEqual([])
  })

  test('accepts a prefix of the fingerprint', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const key = randomHostKey()
    const accepted = acceptLink(serverLink, { hostKey: key, verifyPassword: async () => true, log: silentLogger })
    const login = { fingerprint: key.fingerprint.slice(0, 11), clientAuthId: 'a', password: 'b', log: silentLogger }
    const agent = await loginOverLink(agentLink, login)
    expect((await accepted).user).toBe('a')
    agent.close()
  })

  test('a peer that says nothing is given up after the handshake time', async () => {
    const [serverLink] = createMemoryPair()
    const options = { hostKey: randomHostKey(), verifyPassword: async () => true, log: silentLogger }
    const accepted = acceptLink(serverLink, { ...options, limits: { handshakeTimeoutMs: 20 } })
    await expect(accepted).rejects.toThrow('login not finished within 20 ms')
  })

  test('a password check that breaks ends the handshake instead of letting anyone in', async () => {
    const [serverLink, agentLink] = createMemoryPair()
    const options = {
      hostKey: randomHostKey(),
      log: silentLogger,
      verifyPassword: () => Promise.reject(new Error('store gone')),
    }
    const accepted = acceptLink(serverLink, options)
    const dialled = loginOverLink(agentLink, { fingerprint: '', clientAuthId: 'a', password: 'b', log: silentLogger })
    await expect(accepted).rejects.toMatchObject({ code: 'handshake-failed' })
    await expect(dialled).rejects.toBeInstanceOf(TransportError)
  })
})

describe('requests', () => {
  test('carry payloads both ways, success and failure alike', async () => {
    const { server, agent } = await connectPair()
    serveEcho(server)
    agent.serve(serveNothing)
    const answer = await agent.request('new_connection', '{"ID":"x"}', patiently)
    expect([answer.ok, answer.payload.toString()]).toEqual([true, 'new_connection:{"ID":"x"}'])
    const refusal = await server.request('run_cmd', '{}', patiently)
    expect([refusal.ok, refusal.payload.toString()]).toEqual([false, 'unknown request'])
  })

  test('are answered in order, whichever answer is known first', async () => {
    const { server, agent } = await connectPair()
    const later: ((reply: RequestReply) => void)[] = []
    server.serve({
      onRequest: (name) => (name === 'slow' ? new Promise((resolve) => later.push(resolve)) : ok(name)),
      onChannel: () => undefined,
    })
    const order: string[] = []
    const slow = agent.request('slow', '', patiently).then((reply) => order.push(reply.payload.toString()))
    const quick = agent.request('quick', '', patiently).then((reply) => order.push(reply.payload.toString()))
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    later[0]?.(ok('slow'))
    await Promise.all([slow, quick])
    expect(order).toEqual(['slow', 'quick'])
  })

  test('an answer that comes too late is not taken for the next one', async () => {
    const { server, agent } = await connectPair()
    const later: ((reply: RequestReply) => void)[] = []
    server.serve({
      onRequest: (name) => (name === 'lost' ? new Promise((resolve) => later.push(resolve)) : ok(name)),
      onChannel: () => undefined,
    })
    await expect(agent.request('lost', '', { timeoutMs: 10 })).rejects.toMatchObject({ code: 'timed-out' })
    const next = agent.request('next', '', patiently)
    later[0]?.(ok('lost'))
    expect((await next).payload.toString()).toBe('next')
  })

  test('fail at once when the connection ends or the caller gives up', async () => {
    const { server, agent } = await connectPair()
    server.serve({ onRequest: () => new Promise(() => undefined), onChannel: () => undefined })
    const controller = new AbortController()
    const given = agent.request('a', '', { timeoutMs: 10_000, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    const pending = agent.request('b', '', { timeoutMs: 10_000 })
    server.close('test')
    await expect(pending).rejects.toMatchObject({ code: 'closed' })
    await expect(agent.request('c', '', patiently)).rejects.toMatchObject({ code: 'closed' })
  })

  test('larger than a Go peer takes are refused before they are sent', async () => {
    const { agent } = await connectPair()
    await expect(agent.request('big', Buffer.alloc(262_144), patiently)).rejects.toMatchObject({ code: 'too-large' })
  })

  test('of a quarter of a megabyte arrive whole', async () => {
    const { server, agent } = await connectPair()
    server.serve({ onRequest: (_name, payload) => ok(String(payload.length)), onChannel: () => undefined })
    const reply = await agent.request('big', Buffer.alloc(260_000, 97), patiently)
    expect(reply.payload.toString()).toBe('260000')
  })

  test('a handler that throws is logged and answered with an empty failure', async () => {
    const log = createMemoryLogger()
    const { server, agent } = await connectPair({ log })
    server.serve({
      onRequest: () => {
        throw new Error('bug')
      },
      onChannel: () => undefined,
    })
    const reply = await agent.request('x', '', patiently)
    expect([reply.ok, reply.payload.length]).toEqual([false, 0])
    expect(log.lines.map((line) => line.message)).toContain('request of the peer failed')
  })

  test('without an answer are bounded: a flood ends the connection of the peer that sends it', async () => {
    const { server, agent } = await connectPair({ limits: { unansweredRequests: 8 } })
    server.serve({ onRequest: () => new Promise(() => undefined), onChannel: () => undefined })
    for (let index = 0; index < 9; index += 1) agent.request('x', '', { timeoutMs: 5000 }).catch(() => undefined)
    await expect(server.closed).resolves.toMatchObject({ code: 'protocol' })
  })

  test('notifications arrive and want no answer', async () => {
    const { server, agent } = await connectPair()
    const seen: string[] = []
    const arrived = new Promise<void>((resolve) => {
      agent.serve({
        onRequest: (name, payload, wantReply) => {
          seen.push(`${name} ${payload.toString()} ${wantReply}`)
          resolve()
          return ok('ignored')
        },
        onChannel: () => undefined,
      })
    })
    server.notify('put_capabilities', '{}')
    await arrived
    expect(seen).toEqual(['put_capabilities {} false'])
  })
})

describe('channels', () => {
  const withChannel = async (options: ConnectedPairOptions = {}) => {
    const pair = await connectPair(options)
    const opened = new Promise<Channel>((resolve) => {
      pair.agent.serve({ onRequest: () => ok(''), onChannel: (open) => resolve(open.accept()) })
    })
    pair.server.serve(serveNothing)
    const near = await pair.server.openChannel('rport', '127.0.0.1:22', patiently)
    return { ...pair, near, far: await opened }
  }

  test('carry the target as raw text', async () => {
    const { server, agent } = await connectPair()
    const opened = new Promise<ChannelOpen>((resolve) => agent.serve({ onRequest: () => ok(''), onChannel: resolve }))
    void server.openChannel('rport', '[::1]:22', patiently)
    const open = await opened
    expect([open.type, open.data.toString()]).toEqual(['rport', '[::1]:22'])
    open.accept()
  })

  test.each([1, 7, 1024, Number.MAX_SAFE_INTEGER])('bring 3 MB whole in pieces of %d bytes', async (pieceBytes) => {
    const size = pieceBytes < 100 ? 300_000 : 3_000_000
    const { near, far } = await withChannel({ pieceBytes })
    const data = randomBytes(size)
    const received = collect(far)
    collect(near)
    sendAll(near, data)
    await received.ended
    expect(createHash('sha256').update(received.bytes()).digest('hex')).toBe(
      createHash('sha256').update(data).digest('hex'),
    )
  })

  test('a receiver that deals with nothing stops the sender at one window and one queue', async () => {
    const { near, far } = await withChannel({
      limits: { channelWindowBytes: 100_000, maxChannelWindowBytes: 100_000, channelQueueBytes: 50_000 },
    })
    let received = 0
    far.onData = (bytes) => {
      received += bytes.length
    }
    let accepted = 0
    while (near.send(Buffer.alloc(10_000))) accepted += 10_000
    await turns()
    expect(received).toBe(Math.min(accepted + 10_000, 100_000))
    while (near.send(Buffer.alloc(10_000))) accepted += 10_000
    await turns()
    expect(received).toBe(100_000)
    expect(near.queuedBytes).toBeLessThanOrEqual(60_000 + 10_000)
  })

  test('between our own peers one direction can end while the other goes on', async () => {
    const { server, agent, near, far } = await withChannel()
    expect(server.isOurs).toBe(false)
    server.announcePeerFeatures({ halfClose: true, zeroMask: true })
    expect(server.isOurs).toBe(true)
    agent.announcePeerFeatures({ halfClose: true, zeroMask: true })
    const answer = collect(near)
    far.onEof = () => {
      far.send(Buffer.from('answer after the end'))
      far.close()
    }
    near.sendEof()
    await answer.ended
    expect(answer.bytes().toString()).toBe('answer after the end')
  })

  test('with a peer that knows no half-closed streams the end closes both directions', async () => {
    const { near, far } = await withChannel()
    const ended = collect(far).ended
    near.sendEof()
    await ended
    expect([near.isOpen, far.isOpen]).toEqual([false, false])
  })

  test('numbers are free again after the close, and many come and go', async () => {
    const { server, agent } = await connectPair({ limits: { channels: 3 } })
    agent.serve({ onRequest: () => ok(''), onChannel: (open) => open.accept().close() })
    server.serve(serveNothing)
    for (let round = 0; round < 20; round += 1) {
      const channel = await server.openChannel('rport', 'x:1', patiently)
      await new Promise<void>((resolve) => {
        if (channel.isOpen) channel.onClose = resolve
        else resolve()
        channel.close()
      })
    }
  })

  test('all end when the line is cut', async () => {
    const { near, far, serverLink } = await withChannel()
    const ends = Promise.all([collect(near).ended, collect(far).ended])
    serverLink.cut()
    await ends
  })
})

describe('keys', () => {
  test('are renewed by volume in the middle of a transfer, without a byte lost', async () => {
    const { server, agent } = await connectPair({ limits: { rekeyAfterBytes: 200_000 } })
    const opened = new Promise<Channel>((resolve) => {
      agent.serve({ onRequest: () => ok('pong'), onChannel: (open) => resolve(open.accept()) })
    })
    server.serve(serveNothing)
    const near = await server.openChannel('rport', 'x:1', patiently)
    const received = collect(await opened)
    const data = randomBytes(4_000_000)
    sendAll(near, data)
    const questions = Array.from({ length: 20 }, () => server.request('ping', '', patiently))
    await received.ended
    expect(received.bytes().equals(data)).toBe(true)
    await Promise.all(questions)
  })

  test('can be renewed by either side, again and again', async () => {
    const { server, agent } = await connectPair()
    serveEcho(server)
    agent.serve(serveNothing)
    for (const side of [server, agent, server, agent] as SshSession[]) {
      side.rekey()
      expect((await agent.request('a', 'b', patiently)).payload.toString()).toBe('a:b')
    }
  })
})

test('a cut line ends both sides with the reason', async () => {
  const { server, agent, agentLink } = await connectPair()
  agentLink.cut()
  expect(await server.closed).toEqual({ code: 'network', text: 'line cut' })
  expect(await agent.closed).toEqual({ code: 'network', text: 'line cut' })
})

test('close is idempotent and tells the other side', async () => {
  const { server, agent } = await connectPair()
  server.close('because')
  server.close('again')
  expect(await server.closed).toEqual({ code: 'local', text: 'because' })
  expect((await agent.closed).code).toBe('peer')
})
