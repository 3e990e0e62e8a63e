import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createFakeClock } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Channel } from './channel.ts'
import { type PipeOptions, pipeSocket, type SocketPipe } from './pipe-socket.ts'
import { type ConnectedPairOptions, connectPair, connectSockets } from './testing/index.ts'

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const task of cleanUp.splice(0)) task()
})

let readPlainly = false
const inTime = { timeoutMs: 30_000 }
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

interface Joined {
  /** Where the visitor sits, and where the target sits. */
  readonly visitor: Socket
  readonly target: Socket
  readonly near: SocketPipe
  readonly far: SocketPipe
  readonly nearChannel: Channel
  readonly farChannel: Channel
  /** The sockets that the pipes own. */
  readonly nearSocket: Socket
  readonly farSocket: Socket
}

/** visitor — socket — pipe — channel ~ channel — pipe — socket — target */
async function join(options: ConnectedPairOptions & { halfClose?: boolean; pipe?: PipeOptions } = {}): Promise<Joined> {
  const { server, agent } = await connectPair(options)
  const features = { halfClose: options.halfClose ?? false, zeroMask: false }
  server.announcePeerFeatures(features)
  agent.announcePeerFeatures(features)
  const [atServer, atAgent] = await Promise.all([connectSockets(), connectSockets()])
  const accepted = new Promise<Channel>((resolve) => {
    agent.serve({ onRequest: refuse, onChannel: (open) => resolve(open.accept()) })
  })
  server.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
  const nearChannel = await server.openChannel('rport', 'x:1', inTime)
  const farChannel = await accepted
  cleanUp.push(() => {
    for (const socket of [atServer.near, atServer.far, atAgent.near, atAgent.far]) socket.destroy()
    server.close()
  })
  return {
    visitor: atServer.far,
    target: atAgent.far,
    nearChannel,
    farChannel,
    nearSocket: atServer.near,
    farSocket: atAgent.near,
    near: pipeSocket(atServer.near, nearChannel, { readPlainly, ...options.pipe }),
    far: pipeSocket(atAgent.near, farChannel, { readPlainly, ...options.pipe }),
  }
}

const refuse = () => ({ ok: false, payload: Buffer.alloc(0) })

function readAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve) => socket.once('end', () => resolve(Buffer.concat(parts))))
}

/** What most programs do: they end when the other side ends. */
function endWithPeer(socket: Socket): Socket {
  socket.once('end', () => socket.end())
  return socket.resume()
}

/** Waits until a measure stays the same for many turns of the event loop. */
async function settled(measure: () => number): Promise<void> {
  let last = -1
  let same = 0
  while (same < 200) {
    await new Promise((resolve) => setImmediate(resolve))
    const now = measure()
    same = now === last ? same + 1 : 0
    last = now
  }
}

const readBytes = (socket: Socket, byteCount: number) =>
  new Promise<Buffer>((resolve) => {
    const parts: Buffer[] = []
    let left = byteCount
    socket.on('data', (part: Buffer) => {
      parts.push(part)
      left -= part.length
      if (left <= 0) resolve(Buffer.concat(parts))
    })
  })

describe.each([
  ['buffers that go round', false],
  ['buffers of the runtime', true],
])('read into %s', (_buffers, plainly) => {
  beforeEach(() => {
    readPlainly = plainly
  })

  describe('bytes', () => {
    test('arrive whole in both directions at once', async () => {
      const { visitor, target } = await join()
      const down = randomBytes(8_000_000)
      const up = randomBytes(8_000_000)
      const arrived = Promise.all([readBytes(target, up.length), readBytes(visitor, down.length)])
      visitor.write(up)
      target.write(down)
      const [atTarget, atVisitor] = await arrived
      expect([sha(atTarget), sha(atVisitor)]).toEqual([sha(up), sha(down)])
    })

    test('that the target sent before it closed reach the visitor', async () => {
      const { visitor, target, near, far } = await join()
      const answer = randomBytes(3_000_000)
      target.end(answer)
      expect(sha(await readAll(visitor))).toBe(sha(answer))
      visitor.end()
      await Promise.all([near.closed, far.closed])
    })

    test('of a target that greets at once reach a visitor whose pipe begins later', async () => {
      const { server, agent } = await connectPair()
      server.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
      agent.serve({
        onRequest: refuse,
        onChannel: (open) => {
          const channel = open.accept()
          channel.send(Buffer.from('SSH-2.0-greeting'))
          channel.close()
        },
      })
      const channel = await server.openChannel('rport', 'x:22', inTime)
      const { near, far: visitor } = await connectSockets()
      const pipe = pipeSocket(near, channel, { readPlainly })
      expect((await readAll(visitor)).toString()).toBe('SSH-2.0-greeting')
      visitor.end()
      await pipe.closed
    })

    test('are announced to the owner, for its idle clock', async () => {
      let seen = 0
      const { visitor, target } = await join({ pipe: { onBytes: () => (seen += 1) } })
      visitor.write('x')
      await readBytes(target, 1)
      expect(seen).toBe(2)
    })
  })

  describe('a half-closed stream', () => {
    test('goes on in the other direction between our own peers, to the last byte', async () => {
      // A small window: the answer is still on its way when the target's socket is long closed.
      const limits = { channelWindowBytes: 64 * 1024, maxChannelWindowBytes: 64 * 1024 }
      const { visitor, target, near, far } = await join({ halfClose: true, limits })
      const answer = randomBytes(2_000_000)
      visitor.end('question')
      expect((await readAll(target)).toString()).toBe('question')
      target.end(answer)
      expect(sha(await readAll(visitor))).toBe(sha(answer))
      await Promise.all([near.closed, far.closed])
    })

    test('ends both directions with a peer that knows none', async () => {
      const { visitor, target, near, far } = await join({ halfClose: false })
      visitor.end('question')
      expect((await readAll(target)).toString()).toBe('question')
      target.end()
      await once(visitor.resume(), 'end')
      await Promise.all([near.closed, far.closed])
    })
  })

  describe('a reader that stalls', () => {
    /** Writes until nothing has been taken any more for a while of the event loop. */
    async function push(socket: Socket, total: number): Promise<void> {
      const piece = Buffer.alloc(64 * 1024)
      for (let sent = 0; sent < total; sent += piece.length) socket.write(piece)
      await settled(() => socket.writableLength)
    }
    test('at the target costs the window and the queue, not what the visitor sends', async () => {
      const { visitor, farSocket, nearChannel, farChannel } = await join({
        limits: { channelWindowBytes: 256 * 1024, maxChannelWindowBytes: 256 * 1024 },
      })
      await push(visitor, 64 * 1024 * 1024)
      await settled(() => farChannel.bytesReceived)
      expect(visitor.writableLength).toBeGreaterThan(40 * 1024 * 1024)
      expect(farSocket.writableLength).toBeLessThanOrEqual(256 * 1024)
      expect(nearChannel.queuedBytes).toBeLessThan(512 * 1024)
    })

    test('at the visitor costs the same, and goes on where it stopped', async () => {
      const { visitor, target, nearSocket } = await join({
        limits: { channelWindowBytes: 256 * 1024, maxChannelWindowBytes: 256 * 1024 },
      })
      await push(target, 32 * 1024 * 1024)
      expect(nearSocket.writableLength).toBeLessThanOrEqual(256 * 1024)
      expect((await readBytes(visitor, 32 * 1024 * 1024)).length).toBe(32 * 1024 * 1024)
    })

    test('is given up some time after the peer has closed', async () => {
      const clock = createFakeClock()
      // More than the buffers of the system hold, so that some of it must stay with us.
      const { target, near } = await join({
        pipe: { clock },
        limits: { channelWindowBytes: 32 * 1024 * 1024, maxChannelWindowBytes: 32 * 1024 * 1024 },
      })
      let isOver = false
      void near.closed.then(() => {
        isOver = true
      })
      target.end(Buffer.alloc(24_000_000))
      await settled(() => clock.pending)
      await clock.advance(29_000)
      expect(isOver).toBe(false)
      await clock.advance(2_000)
      expect(isOver).toBe(true)
    })

    test('of single bytes keeps them joined, not an object for each', async () => {
      const { server, agent } = await connectPair()
      server.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
      const accepted = new Promise<Channel>((resolve) => {
        agent.serve({ onRequest: refuse, onChannel: (open) => resolve(open.accept()) })
      })
      const channel = await server.openChannel('rport', 'x:22', inTime)
      const sender = await accepted
      const { near, far: visitor } = await connectSockets()
      let writes = 0
      // The reader has stalled: nothing ever leaves.
      near.write = (() => {
        writes += 1
        return false
      }) as typeof near.write
      const pipe = pipeSocket(near, channel, { readPlainly })
      for (let count = 0; count < 20_000; count += 1) sender.send(Buffer.from('x'))
      await settled(() => channel.bytesReceived)
      expect(channel.bytesReceived).toBe(20_000)
      expect(writes).toBeLessThanOrEqual(64)
      visitor.destroy()
      pipe.close()
    })
  })

  describe('the end', () => {
    test.each(['visitor', 'target'] as const)('a reset by the %s ends everything', async (side) => {
      const joined = await join()
      joined.visitor.write('x')
      await readBytes(joined.target, 1)
      endWithPeer(joined.visitor)
      endWithPeer(joined.target)
      joined[side].resetAndDestroy()
      await Promise.all([joined.near.closed, joined.far.closed])
      expect([joined.nearSocket.destroyed, joined.farSocket.destroyed]).toEqual([true, true])
    })

    test('of the channel ends both sockets', async () => {
      const { visitor, target, near, far, nearChannel } = await join()
      endWithPeer(target)
      const gone = once(endWithPeer(visitor), 'close')
      nearChannel.close({ abort: true })
      await Promise.all([gone, near.closed, far.closed])
    })

    test('close may be called at any time, more than once, by the owner', async () => {
      const { near, far, visitor, target } = await join()
      endWithPeer(target)
      const gone = once(endWithPeer(visitor), 'close')
      near.close()
      near.close()
      await Promise.all([near.closed, far.closed, gone])
    })

    test('a visitor that does not end its own direction is not waited for long', async () => {
      const clock = createFakeClock()
      const { near, nearSocket, nearChannel, visitor } = await join({ pipe: { clock } })
      const ended = once(visitor.resume(), 'end')
      nearChannel.close()
      await ended
      await settled(() => clock.pending)
      expect(nearSocket.destroyed).toBe(false)
      await clock.advance(2000)
      await near.closed
      expect(nearSocket.destroyed).toBe(true)
    })

    test('a socket that was destroyed before closes the channel', async () => {
      const { server, agent } = await connectPair()
      server.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
      const accepted = new Promise<Channel>((resolve) => {
        agent.serve({ onRequest: refuse, onChannel: (open) => resolve(open.accept()) })
      })
      const channel = await server.openChannel('rport', 'x:22', inTime)
      const { near, far } = await connectSockets()
      near.destroy()
      far.destroy()
      await pipeSocket(near, channel, { readPlainly }).closed
      const other = await accepted
      await new Promise<void>((resolve) => {
        other.onClose = resolve
      })
    })

    test('a socket that has closed holds nothing of the pipe any more', async () => {
      const { visitor, target, nearSocket, near, far } = await join()
      const gone = once(nearSocket, 'close')
      endWithPeer(target)
      visitor.resume().end('last words')
      await Promise.all([gone, near.closed, far.closed])
      expect(nearSocket.eventNames()).toEqual(['error'])
    })

    test('a thousand short connections leave nothing behind', async () => {
      const { server, agent } = await connectPair({ limits: { channels: 16 } })
      server.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
      agent.serve({
        onRequest: refuse,
        onChannel: (open) => {
          const channel = open.accept()
          channel.onData = (bytes) => {
            channel.send(Buffer.from(bytes))
            channel.consumed(bytes.length)
            channel.close()
          }
        },
      })
      const once1 = async (index: number) => {
        const { near, far } = await connectSockets()
        const channel = await server.openChannel('rport', 'echo:1', inTime)
        const pipe = pipeSocket(near, channel, { readPlainly })
        far.write(String(index))
        expect((await readAll(far)).toString()).toBe(String(index))
        far.destroy()
        await pipe.closed
        expect([near.destroyed, near.listenerCount('drain')]).toEqual([true, 0])
      }
      for (let round = 0; round < 125; round += 1) {
        await Promise.all(Array.from({ length: 8 }, (_, index) => once1(round * 8 + index)))
      }
      // With sixteen channels allowed at once, a channel left open by one in sixty would have stopped us.
      expect(server.isClosed).toBe(false)
      server.close()
    })
  })
})
