import { describe, expect, test } from 'vitest'
import { OWNED_BYTES } from '../lease.ts'
import type { ByteLink } from '../link.ts'
import { SLAB_BYTES, takeSlab } from '../slab-pool.ts'
import { createMemoryPair } from '../testing/memory-link.ts'
import { AES_GCM_CIPHERS } from './algorithms/aes-gcm.ts'
import type { CipherAlgorithm, DirectionKeys } from './algorithms/cipher.ts'
import { nativeGcm } from './algorithms/native-gcm.ts'
import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/** A link on which nothing leaves until the test says so. */
function stuckLink() {
  const writes: { slab: Buffer; from: number; to: number; done: () => void }[] = []
  const [link] = createMemoryPair()
  const stuck: ByteLink = Object.assign(Object.create(link) as ByteLink, {
    write: (slab: Buffer, from: number, to: number, done: () => void) => void writes.push({ slab, from, to, done }),
  })
  return { link: stuck, writes }
}

/** Leaves no slab in the pool: what is taken next is new, or has been returned since. */
function emptyPool(): void {
  for (let count = 0; count < 64; count += 1) takeSlab()
}

test('packets of one turn leave in one write', () => {
  const { link, writes } = stuckLink()
  const writer = new PacketWriter(link)
  for (let count = 0; count < 10; count += 1) writer.send(Buffer.from('x'))
  expect(writer.pendingBytes).toBe(160)
  writer.flush()
  writer.flush()
  expect(writes.map((write) => write.to - write.from)).toEqual([160])
  expect(writer.bytesSent).toBe(160)
})

test('a slab is used again only after its last write has left', () => {
  const { link, writes } = stuckLink()
  const writer = new PacketWriter(link)
  for (let count = 0; count < 20; count += 1) {
    writer.send(Buffer.alloc(30_000))
    writer.flush()
  }
  const slabs = new Set(writes.map((write) => write.slab))
  expect(slabs.size).toBeGreaterThan(1)
  const first = writes[0]?.slab as Buffer
  const ofFirst = writes.filter((write) => write.slab === first)
  emptyPool()
  for (const write of ofFirst.slice(1)) write.done()
  expect(takeSlab()).not.toBe(first)
  ofFirst[0]?.done()
  expect(takeSlab()).toBe(first)
})

test('regions of a slab never overlap, and keep room for the head of the link', () => {
  const { link, writes } = stuckLink()
  const writer = new PacketWriter(link)
  for (let count = 1; count < 200; count += 1) {
    writer.send(Buffer.alloc((count * 797) % 20_000))
    if (count % 3 === 0) writer.flush()
  }
  writer.flush()
  let before = writes[0]
  for (const write of writes.slice(1)) {
    if (write.slab === before?.slab) expect(write.from).toBeGreaterThanOrEqual(before.to + 14)
    else expect(write.from).toBeGreaterThanOrEqual(14)
    expect(write.to).toBeLessThanOrEqual(write.slab.length)
    before = write
  }
})

test('a message larger than a slab gets a buffer of its own', () => {
  const { link, writes } = stuckLink()
  const writer = new PacketWriter(link)
  writer.send(Buffer.alloc(SLAB_BYTES + 5, 7))
  writer.send(Buffer.from('small'))
  writer.flush()
  expect(writes.length).toBe(2)
  expect(
    writes[0]?.slab.subarray(writes[0].from + 5, writes[0].from + 5 + SLAB_BYTES + 5).every((byte) => byte === 7),
  ).toBe(true)
  emptyPool()
  for (const write of writes) write.done()
  // The odd one is not kept for others.
  expect(takeSlab().length).toBe(SLAB_BYTES)
})

test('a released writer gives each slab back once, when its writes are over', () => {
  const { link, writes } = stuckLink()
  const writer = new PacketWriter(link)
  writer.send(Buffer.alloc(1000))
  writer.flush()
  writer.send(Buffer.alloc(1000))
  writer.release()
  const slab = writes[0]?.slab as Buffer
  emptyPool()
  expect(takeSlab()).not.toBe(slab)
  writes[0]?.done()
  expect([takeSlab() === slab, takeSlab() === slab]).toEqual([true, false])
})

test('a link that is over before the write returns costs no slab', () => {
  const [link] = createMemoryPair()
  link.destroy()
  const writer = new PacketWriter(link)
  for (let count = 0; count < 100; count += 1) {
    writer.send(Buffer.alloc(20_000))
    writer.flush()
  }
  writer.release()
  const taken = Array.from({ length: 64 }, takeSlab)
  expect(new Set(taken).size).toBe(64)
})

describe.each([
  { name: 'without the addon', gcm: undefined },
  ...(nativeGcm ? [{ name: 'with the addon', gcm: nativeGcm }] : []),
])('data that comes from elsewhere, $name,', ({ gcm }) => {
  test('is sealed in order with what was laid out before and after it, and arrives whole', () => {
    const { link, writes } = stuckLink()
    const cipher = AES_GCM_CIPHERS[0] as CipherAlgorithm
    const keys: DirectionKeys = {
      iv: (byteCount) => Buffer.alloc(byteCount, 1),
      key: (byteCount) => Buffer.alloc(byteCount, 2),
      macKey: (byteCount) => Buffer.alloc(byteCount),
    }
    const writer = new PacketWriter(link)
    writer.setSealer(cipher.createSealer(keys, undefined, gcm), true)
    const arrived: string[] = []
    const reader = new PacketReader(1 << 20, (payload) => arrived.push(payload.toString('latin1')))
    reader.setOpener(cipher.createOpener(keys, undefined), true)
    const sent: string[] = []
    for (const size of [10, 5000, 20, 4096, 32_768, 4095, 30_000, 1]) {
      writer.send(Buffer.from(`before ${size}`))
      const source = Buffer.alloc(size + 4, String(size))
      const at = writer.begin(4 + size)
      writer.slab.write('head', at, 'latin1')
      writer.fill(at + 4, source, 4, size)
      // The caller may use its buffer again at once.
      const text = source.toString('latin1', 4)
      source.fill(0)
      sent.push(`before ${size}`, `head${text}`)
      if (size > 20_000) writer.flush()
    }
    writer.send(Buffer.from('behind'))
    writer.flush()
    for (const { slab, from, to } of writes) reader.feed(slab.subarray(from, to), OWNED_BYTES)
    // Joined, and not compared one by one: a failure shall not print them all.
    expect(arrived.join() === [...sent, 'behind'].join()).toBe(true)
  })
})
