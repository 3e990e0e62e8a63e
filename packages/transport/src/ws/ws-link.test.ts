import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { LINK_HEADROOM_BYTES } from '../link.ts'
import { connectSockets } from '../testing/socket-pair.ts'
import { WsLink } from './ws-link.ts'

/** Some turns of the event loop: what was to happen has happened. */
async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn()
}

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function pair(
  options: { isClient?: boolean; head?: Buffer } = {},
): Promise<{ link: WsLink; socket: Socket; peer: Socket }> {
  const { near, far } = await connectSockets()
  sockets.push(near, far)
  const link = new WsLink(near, { isClient: options.isClient ?? false, remoteAddress: '192.0.2.1' })
  link.listen(options.head ?? Buffer.alloc(0))
  return { link, socket: near, peer: far }
}

const write = (link: WsLink, bytes: Buffer) =>
  new Promise<void>((resolve) => {
    const slab = Buffer.concat([Buffer.alloc(LINK_HEADROOM_BYTES), bytes])
    link.write(slab, LINK_HEADROOM_BYTES, slab.length, resolve)
  })

/** A masked frame with an all-zero key. */
const clientFrame = (opcode: number, payload: string) =>
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), Buffer.from(payload)])

const readSome = async (socket: Socket): Promise<Buffer> => {
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes
}

const ended = (link: WsLink) => {
  const reasons: (Error | undefined)[] = []
  const first = new Promise<Error | undefined>((resolve) => {
    link.onEnd = (error) => {
      reasons.push(error)
      resolve(error)
    }
  })
  return { first, reasons }
}

describe('a link of the server', () => {
  test('sends one unmasked frame per write', async () => {
    const { link, peer } = await pair()
    await write(link, Buffer.from('hello'))
    expect((await readSome(peer)).toString('hex')).toBe(`8205${Buffer.from('hello').toString('hex')}`)
  })

  test('delivers what came with the upgrade first, and nothing before resume', async () => {
    const { link, peer } = await pair({ head: clientFrame(2, 'early ') })
    const seen: string[] = []
    link.onBytes = (bytes) => void seen.push(bytes.toString())
    peer.write(clientFrame(2, 'late'))
    await turns()
    expect(seen).toEqual([])
    link.resume()
    while (seen.length < 2) await nextTurn()
    expect(seen).toEqual(['early ', 'late'])
  })

  test('that is paused by whoever gets the head stays paused', async () => {
    const { link, socket } = await pair({ head: clientFrame(2, 'early') })
    link.onBytes = () => link.pause()
    link.resume()
    await turns()
    expect(socket.isPaused()).toBe(true)
  })

  test('answers a ping with its payload', async () => {
    const { link, peer } = await pair()
    link.resume()
    peer.write(clientFrame(9, 'are you there'))
    expect((await readSome(peer)).toString('hex')).toBe(`8a0d${Buffer.from('are you there').toString('hex')}`)
  })

  test('keeps no more than a few answers for a peer that pings and does not read', async () => {
    const { link, socket, peer } = await pair()
    socket.cork()
    link.resume()
    peer.write(Buffer.concat(Array.from({ length: 1000 }, () => clientFrame(9, 'x'.repeat(100)))))
    while (socket.bytesRead < 106_000) await turns()
    expect(socket.writableLength).toBeLessThanOrEqual(16 * 102)
  })

  test('ends, once, when the peer sends nonsense', async () => {
    const { link, socket, peer } = await pair()
    const end = ended(link)
    link.resume()
    peer.write('GET / HTTP/1.1\r\n\r\n')
    expect((await end.first)?.message).toContain('WebSocket')
    peer.destroy()
    await once(socket, 'close')
    expect(end.reasons.length).toBe(1)
  })

  test('answers a close frame and ends', async () => {
    const { link, peer } = await pair()
    const end = ended(link)
    link.resume()
    peer.write(clientFrame(8, ''))
    expect((await readSome(peer)).toString('hex')).toBe('8800')
    expect(await end.first).toBeUndefined()
  })
})

describe('a link of the agent', () => {
  test('masks with a key that is not zero, until masks are known to be useless', async () => {
    const { link, peer } = await pair({ isClient: true })
    await write(link, Buffer.from('hello'))
    const masked = await readSome(peer)
    expect(masked.subarray(0, 2).toString('hex')).toBe('8285')
    const plain = Buffer.from(masked.subarray(6).map((byte, at) => byte ^ (masked[2 + (at & 3)] ?? 0)))
    expect(plain.toString()).toBe('hello')
    link.useZeroMask()
    await write(link, Buffer.from('hello'))
    expect((await readSome(peer)).toString('hex')).toBe(`828500000000${Buffer.from('hello').toString('hex')}`)
  })
})

describe('the end of a link', () => {
  test('by destroy lets what was written leave, and is told once', async () => {
    const { link, peer } = await pair()
    const end = ended(link)
    void write(link, Buffer.from('last words'))
    link.destroy()
    link.destroy()
    const parts: Buffer[] = []
    peer.on('data', (part: Buffer) => parts.push(part))
    await once(peer, 'end')
    expect(Buffer.concat(parts).subarray(2).toString()).toBe('last words')
    peer.end()
    await end.first
    await turns()
    expect(end.reasons).toEqual([undefined])
  })

  test('waits for no peer that neither reads nor ends', async () => {
    const { link, socket, peer } = await pair()
    peer.pause()
    let done = 0
    for (let count = 0; count < 40; count += 1) {
      void write(link, Buffer.alloc(256 * 1024)).then(() => {
        done += 1
      })
    }
    link.destroy()
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) })
    await turns()
    // Every slab has been given back, those that never left included.
    expect(done).toBe(40)
  })

  test('of a peer that ends its side and reads no more is not waited for either', async () => {
    const { link, socket, peer } = await pair()
    const end = ended(link)
    link.resume()
    peer.pause()
    void write(link, Buffer.alloc(16 * 1024 * 1024))
    peer.end()
    await end.first
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) })
  })

  test('by a reset carries the error', async () => {
    const { link, peer } = await pair()
    const end = ended(link)
    link.resume()
    peer.resetAndDestroy()
    expect(await end.first).toMatchObject({ code: 'ECONNRESET' })
    expect(end.reasons.length).toBe(1)
  })

  test('makes later writes come back at once', async () => {
    const { link } = await pair()
    link.destroy()
    await write(link, Buffer.from('too late'))
  })
})
