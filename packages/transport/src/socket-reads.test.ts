import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Hold } from './channel.ts'
import { readSocket } from './socket-reads.ts'
import { connectSockets } from './testing/index.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const { near, far } = await connectSockets()
  sockets.push(near, far)
  return { near, far }
}

test('this runtime reads into buffers that go round', async () => {
  const { near, far } = await pair()
  const memory = new Set<ArrayBufferLike>()
  let received = 0
  const all = new Promise<void>((resolve) => {
    readSocket(near, (bytes) => {
      memory.add(bytes.buffer)
      received += bytes.length
      if (received === 20_000_000) resolve()
    })
  })
  near.resume()
  far.write(Buffer.alloc(20_000_000))
  await all
  // Left to itself it makes a buffer for each read, and none of these brings more than 64 KiB.
  expect(memory.size).toBeLessThan(20)
})

describe.each([
  ['buffers that go round', false],
  ['buffers of the runtime', true],
])('read into %s', (_name, plainly) => {
  test('bytes stay as they are while they are held, and arrive in order', async () => {
    const { near, far } = await pair()
    const sent = randomBytes(3_000_000)
    const kept: { bytes: Buffer; hold: Hold }[] = []
    readSocket(near, (bytes, lease) => void kept.push({ bytes, hold: lease.hold() }), plainly)
    near.resume()
    // Small and large reads in turn.
    for (let at = 0; at < sent.length; ) {
      const size = at % 3 === 0 ? 100 : 70_000
      if (!far.write(sent.subarray(at, at + size))) await once(far, 'drain')
      at += size
    }
    far.end()
    await once(near, 'end')
    expect(Buffer.concat(kept.map(({ bytes }) => bytes)).equals(sent)).toBe(true)
    for (const { hold } of kept) hold.release()
  })

  test('a socket that is paused delivers nothing until it is resumed', async () => {
    const { near, far } = await pair()
    let received = 0
    let isPaused = false
    const whole = new Promise<void>((resolve) => {
      readSocket(
        near,
        (bytes) => {
          expect(isPaused).toBe(false)
          received += bytes.length
          if (received >= 4_000_000) return resolve()
          isPaused = true
          near.pause()
          setImmediate(() => {
            isPaused = false
            near.resume()
          })
        },
        plainly,
      )
    })
    near.resume()
    far.write(Buffer.alloc(4_000_000))
    await whole
    expect(received).toBe(4_000_000)
  })
})
