import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { connectSockets } from './testing/socket-pair.ts'
import { writeAtOnce } from './write-at-once.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function pair() {
  const { near, far } = await connectSockets()
  sockets.push(near, far)
  return { near, far }
}

const bytes = randomBytes(1000)

test.skipIf(process.platform === 'win32')(
  'this runtime lets small writes past the stream of a TCP socket',
  async () => {
    const { near, far } = await pair()
    const put = writeAtOnce(near)
    expect(put(bytes, 100, 600)).toBe(500)
    expect(near.bytesWritten).toBe(0)
    const [received] = (await once(far, 'data')) as [Buffer]
    expect(received.equals(bytes.subarray(100, 600))).toBe(true)
  },
)

test('nothing goes past what the stream holds', async () => {
  const { near, far } = await pair()
  const put = writeAtOnce(near)
  near.cork()
  near.write(bytes)
  expect(put(bytes, 0, 10)).toBe(0)
  near.uncork()
  far.pause()
  // More than the kernel keeps for a reader that stalls.
  near.write(Buffer.alloc(32 * 1024 * 1024))
  expect(near.writableLength).toBeGreaterThan(0)
  expect(put(bytes, 0, 10)).toBe(0)
})

test('nothing is written behind the end of a socket, or to one that is gone', async () => {
  const { near } = await pair()
  const put = writeAtOnce(near)
  near.end()
  expect(put(bytes, 0, 10)).toBe(0)
  near.destroy()
  expect(put(bytes, 0, 10)).toBe(0)
})

test('a socket that is still connecting takes nothing', async () => {
  const { near } = await pair()
  const socket = connect(near.localPort ?? 0, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  expect(writeAtOnce(socket)(bytes, 0, 10)).toBe(0)
})

test('what finds no room, or no peer, is left to the stream', async () => {
  const { near, far } = await pair()
  const put = writeAtOnce(near)
  const block = Buffer.alloc(16 * 1024)
  far.pause()
  let taken = block.length
  while (taken === block.length) taken = put(block, 0, block.length)
  expect(put(block, 0, block.length)).toBe(0)
  const broken = once(near, 'error')
  far.resetAndDestroy()
  near.write(block)
  await broken
  expect(put(block, 0, block.length)).toBe(0)
})

test('large writes, TLS and streams of other kinds are left to the stream', async () => {
  const { near } = await pair()
  const tls = new TLSSocket(near)
  tls.on('error', () => undefined)
  expect(writeAtOnce(tls)(bytes, 0, 10)).toBe(0)
  expect(writeAtOnce(new PassThrough())(bytes, 0, 10)).toBe(0)
  const { near: plain } = await pair()
  expect(writeAtOnce(plain)(Buffer.alloc(20_000), 0, 20_000)).toBe(0)
})
