import { describe, expect, test } from 'vitest'
import { idleChannelHost } from '../testing/idle-channel-host.ts'
import { ChannelTable, checkTerms, type PendingOpen } from './channel-table.ts'
import { DEFAULT_LIMITS } from './limits.ts'

const ignore = () => undefined
const KIB = 1024
const theirs = { senderId: 70, window: 1000, maxPacketBytes: 500 }

const open = (limits: Partial<typeof DEFAULT_LIMITS> = {}) =>
  new ChannelTable(idleChannelHost(), { ...DEFAULT_LIMITS, ...limits })
const pending = (localId: number, settle: PendingOpen['settle'] = ignore): PendingOpen => ({
  localId,
  message: Buffer.alloc(0),
  type: 'rport',
  window: 1000,
  settle,
})

describe('numbers', () => {
  test('are never of a channel that is open or being opened', () => {
    const table = open()
    table.create('rport', table.takeId(), theirs, 1000)
    table.keepPending(pending(1))
    expect(table.takeId()).toBe(2)
  })

  test('are full at the limit, openings among them, and free again after the end', () => {
    const table = open({ channels: 2 })
    table.create('rport', 0, theirs, 1000)
    expect(table.isFull).toBe(false)
    table.keepPending(pending(1))
    expect(table.isFull).toBe(true)
    table.delete(0)
    expect(table.isFull).toBe(false)
  })

  test('of a channel that is only being opened take no data, and open ones no confirmation', () => {
    const table = open()
    table.keepPending(pending(1))
    table.create('rport', 2, theirs, 1000)
    expect(() => table.channel(1)).toThrow('channel 1 is not open')
    expect(() => table.channel(9)).toThrow('channel 9 is not open')
    expect(() => table.takePending(2)).toThrow('no channel 2 is being opened')
  })

  test('of an opening are answered once', () => {
    const table = open()
    table.keepPending(pending(1))
    expect(table.takePending(1).localId).toBe(1)
    expect(() => table.takePending(1)).toThrow('no channel 1 is being opened')
  })
})

test('windows begin smaller the more channels there are, and never below two packets', () => {
  const table = open({ channelWindowBytes: 150 * KIB, connectionWindowBytes: 200 * KIB })
  const windows = [0, 1, 2, 3, 4].map((localId) => {
    const window = table.fairWindow()
    table.create('rport', localId, theirs, window)
    return window / KIB
  })
  expect(windows.map(Math.floor)).toEqual([150, 100, 66, 64, 64])
})

test('packets are as large as both sides take', () => {
  const table = open({ channelPacketBytes: 300 })
  expect(table.create('rport', 0, theirs, 1000).remotePacketBytes).toBe(300)
  expect(table.create('rport', 1, { ...theirs, maxPacketBytes: 200 }, 1000).remotePacketBytes).toBe(200)
})

test('packets too small for anything are refused', () => {
  expect(() => checkTerms({ ...theirs, maxPacketBytes: 8 })).toThrow('channel with packets of 8 bytes')
  expect(() => checkTerms({ ...theirs, maxPacketBytes: 9 })).not.toThrow()
})

test('the end of the connection ends channels and openings alike', () => {
  const table = open()
  const channel = table.create('rport', 0, theirs, 1000)
  const outcomes: unknown[] = []
  table.keepPending(pending(1, (outcome) => outcomes.push(outcome)))
  const lost = new Error('line cut')
  table.loseAll(lost)
  expect(channel.isOpen).toBe(false)
  expect(outcomes).toEqual([lost])
  expect(table.isLost).toBe(true)
})
