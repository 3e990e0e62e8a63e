import { beforeEach, describe, expect, test } from 'vitest'
import type { Channel } from '../channel.ts'
import { connectPair } from '../testing/connected-pair.ts'
import { idleChannelHost } from '../testing/idle-channel-host.ts'
import { ChannelTurns } from './channel-turns.ts'
import { CHANNEL_DATA_HEAD_BYTES } from './messages/channel-flow.ts'
import { SshChannel } from './ssh-channel.ts'

const KIB = 1024
const ignore = () => undefined

/** The packets below: laid out one after the other, until `drain` says that they have left. */
const carrier = {
  canSendData: true,
  queuedBytes: 0,
  slab: Buffer.alloc(KIB * KIB),
  beginData(payloadBytes: number): number {
    const at = this.queuedBytes
    this.queuedBytes += payloadBytes
    return at
  },
  fillData(at: number, source: Buffer, from: number, byteCount: number): void {
    source.copy(this.slab, at, from, from + byteCount)
  },
  send: ignore,
  sendWithNext: ignore,
  sendUnhurried: ignore,
  scheduleFlush: ignore,
  flushAtReadEnd: ignore,
}

let turns = new ChannelTurns(carrier)
const host = idleChannelHost({
  ready: (channel) => turns.wait(channel),
  turnNow: (channel, byteCount) => turns.now(channel, byteCount),
})

beforeEach(() => {
  turns = new ChannelTurns(carrier)
  carrier.canSendData = true
  carrier.queuedBytes = 0
})

const open = (number: number): SshChannel =>
  new SshChannel(host, 'rport', {
    localId: number,
    remoteId: number,
    remoteWindow: 16 * KIB * KIB,
    remotePacketBytes: 32 * KIB,
    localWindow: KIB * KIB,
    queueBytes: KIB * KIB,
  })

/** What has been laid out since the last time, as channel and bytes of each packet; the link takes it all. */
function drain(): string {
  const packets: string[] = []
  for (let at = 0; at < carrier.queuedBytes; ) {
    const byteCount = carrier.slab.readUInt32BE(at + 5)
    packets.push(`${carrier.slab.readUInt32BE(at + 1)}:${byteCount < KIB ? byteCount : `${byteCount / KIB}K`}`)
    at += CHANNEL_DATA_HEAD_BYTES + byteCount
  }
  carrier.queuedBytes = 0
  return packets.join(' ')
}

describe('data of a channel', () => {
  test('leaves at once where nobody waits', () => {
    open(1).send(Buffer.alloc(10))
    expect(drain()).toBe('1:10')
    expect(turns.hasWaiting).toBe(false)
  })

  test('waits while there is no room below, and leaves with the room', () => {
    carrier.canSendData = false
    open(1).send(Buffer.alloc(10))
    turns.layOut()
    expect([drain(), turns.hasWaiting]).toEqual(['', true])
    carrier.canSendData = true
    turns.layOut()
    expect([drain(), turns.hasWaiting]).toEqual(['1:10', false])
  })

  test('leaves side by side with that of others, four packets in turn', () => {
    carrier.canSendData = false
    for (const number of [1, 2]) open(number).send(Buffer.alloc(300 * KIB))
    carrier.canSendData = true
    turns.layOut()
    const [one, two] = ['1:32K 1:32K 1:32K 1:32K', '2:32K 2:32K 2:32K 2:32K']
    expect(drain()).toBe(`${one} ${two} ${one} ${two}`)
    turns.layOut()
    expect(drain()).toBe('1:32K 1:12K 2:32K 2:12K')
    expect(turns.hasWaiting).toBe(false)
  })

  test('leaves before bulk data that waits, when it is little', () => {
    carrier.canSendData = false
    open(1).send(Buffer.alloc(64 * KIB))
    open(2).send(Buffer.alloc(64 * KIB))
    open(3).send(Buffer.alloc(1))
    carrier.canSendData = true
    turns.layOut()
    expect(drain()).toBe('3:1 1:32K 1:32K 2:32K 2:32K')
  })

  test('does not overtake those that wait, unless it is little', () => {
    carrier.canSendData = false
    open(1).send(Buffer.alloc(64 * KIB))
    carrier.canSendData = true
    open(2).send(Buffer.alloc(8 * KIB))
    expect(drain()).toBe('')
    open(3).send(Buffer.alloc(5))
    expect(drain()).toBe('3:5')
    turns.layOut()
    expect(drain()).toBe('1:32K 1:32K 2:8K')
  })

  test('that is much gets a turn although the little of others fills the room', () => {
    carrier.canSendData = false
    open(1).send(Buffer.alloc(64 * KIB))
    for (let number = 2; number < 150; number += 1) open(number).send(Buffer.alloc(4 * KIB))
    carrier.canSendData = true
    turns.layOut()
    expect(drain()).toContain(' 1:32K 1:32K')
  })

  test('gets no turn when the connection is gone', () => {
    carrier.canSendData = false
    open(1).send(Buffer.alloc(10))
    turns.clear()
    carrier.canSendData = true
    turns.layOut()
    expect([drain(), turns.hasWaiting]).toEqual(['', false])
  })
})

test('a bulk channel between two peers does not starve a few keystrokes', async () => {
  const { server, agent } = await connectPair()
  const refuse = () => ({ ok: false, payload: Buffer.alloc(0) })
  const far: Channel[] = []
  agent.serve({ onRequest: refuse, onChannel: (opening) => far.push(opening.accept()) })
  server.serve({ onRequest: refuse, onChannel: (opening) => opening.reject('prohibited', 'no') })
  const bulk = await server.openChannel('rport', 'bulk:1', { timeoutMs: 10_000 })
  const keys = await server.openChannel('rport', 'keys:1', { timeoutMs: 10_000 })
  let bulkBytes = 0
  far[0]!.onData = (bytes) => {
    bulkBytes += bytes.length
    far[0]!.consumed(bytes.length)
  }
  const arrivedAfter = new Promise<number>((resolve) => {
    far[1]!.onData = () => resolve(bulkBytes)
  })
  let left = 20_000_000
  bulk.onDrain = () => {
    while (left > 0) {
      left -= 64 * KIB
      if (!bulk.send(Buffer.alloc(64 * KIB))) return
    }
  }
  bulk.onDrain()
  keys.send(Buffer.from('k'))
  expect(await arrivedAfter).toBeLessThan(2_000_000)
})
