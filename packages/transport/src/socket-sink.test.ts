import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { OWNED_BYTES } from './lease.ts'
import { SocketSink } from './socket-sink.ts'
import { connectSockets } from './testing/socket-pair.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function meet() {
  const { near, far } = await connectSockets()
  sockets.push(near, far)
  let leftBytes = 0
  let writes = 0
  const write = near.write.bind(near) as (...words: unknown[]) => boolean
  near.write = (...words: unknown[]) => {
    writes += 1
    return write(...words)
  }
  const sink = new SocketSink(near, (byteCount) => {
    leftBytes += byteCount
  })
  return { sink, near, far, left: () => leftBytes, writes: () => writes }
}

function readToEnd(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve) => socket.once('end', () => resolve(Buffer.concat(parts))))
}

const nextTurn = () => new Promise(setImmediate)
const piecesOf = (...sizes: number[]) => sizes.map((size) => randomBytes(size))
const many = (count: number, size: number) => Array<number>(count).fill(size)

test('small pieces of one read leave as one, in order between large ones', async () => {
  const { sink, far, left, writes } = await meet()
  const pieces = piecesOf(...many(60, 100), 5000, ...many(60, 100))
  for (const piece of pieces) {
    // Whoever delivers uses the same memory again.
    const lent = Buffer.from(piece)
    sink.write(lent, OWNED_BYTES)
    if (piece.length < 5000) lent.fill(0)
  }
  expect(sink.isEmpty).toBe(false)
  sink.end()
  const all = Buffer.concat(pieces)
  expect((await readToEnd(far)).equals(all)).toBe(true)
  expect([writes(), left(), sink.isEmpty]).toEqual([3, all.length, true])
})

test('a reader that stalls gets everything in order when it goes on, and the end behind it', async () => {
  const { sink, near, far, left } = await meet()
  const pieces: Buffer[] = []
  near.cork()
  for (let turn = 0; turn < 50; turn += 1) {
    const now = piecesOf(1, 2048, 2049, 40_000, 700, 15_000)
    pieces.push(...now)
    for (const piece of now) sink.write(piece, OWNED_BYTES)
    await nextTurn()
  }
  sink.end()
  expect(left()).toBe(0)
  near.uncork()
  const all = Buffer.concat(pieces)
  expect((await readToEnd(far)).equals(all)).toBe(true)
  expect([left(), sink.isEmpty]).toEqual([all.length, true])
})

test('what a broken socket never sends counts as left', async () => {
  const { sink, near, left } = await meet()
  near.on('error', () => undefined)
  for (const piece of piecesOf(10, 5000, 10)) sink.write(piece, OWNED_BYTES)
  near.destroy()
  await new Promise((resolve) => near.once('close', resolve))
  await nextTurn()
  sink.write(randomBytes(30), OWNED_BYTES)
  expect(left()).toBe(5050)
})
