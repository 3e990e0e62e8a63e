import { beforeEach, describe, expect, test } from 'vitest'
import { OWNED_BYTES } from '../lease.ts'
import { type ChannelHost, type ChannelNumbers, SshChannel } from './ssh-channel.ts'
import { WindowGrowth } from './window-growth.ts'

let said: string[] = []
let isReady = false
const host: ChannelHost & { halfClose: boolean } = {
  ready: () => {
    isReady = true
  },
  turnNow: (channel) => hasRoom && void laidOut.push(turn(channel)),
  now: () => now,
  get windows() {
    return windows
  },
  sendWindowAdjust: (_id: number, byteCount: number) => void said.push(`adjust ${byteCount}`),
  sendEof: () => void said.push('eof'),
  sendClose: () => void said.push('close'),
  answerClose: () => void said.push('close'),
  forget: () => void said.push('forgotten'),
  halfClose: false,
  isCrowded: false,
  queueChanged: (byteCount: number) => {
    waiting += byteCount
  },
}
let waiting = 0
let hasRoom = false
let now = 0
let windows = new WindowGrowth(0)
let laidOut: string[] = []

beforeEach(() => {
  said = []
  isReady = false
  waiting = 0
  now = 1000
  windows = new WindowGrowth(0)
  hasRoom = false
  laidOut = []
  host.halfClose = false
})

const open = (numbers: Partial<ChannelNumbers> = {}) =>
  new SshChannel(host, 'rport', {
    localId: 1,
    remoteId: 2,
    remoteWindow: 1000,
    remotePacketBytes: 100,
    localWindow: 1000,
    queueBytes: 500,
    ...numbers,
  })

/** What the session does when it is the channel's turn: everything that window and packet size allow. */
function turn(channel: SshChannel): string {
  const sent: Buffer[] = []
  for (let size = channel.nextBytes(); size > 0; size = channel.nextBytes()) {
    const target = Buffer.alloc(size + 2)
    channel.copyNext(target, 1, size)
    expect([target[0], target[size + 1]]).toEqual([0, 0])
    sent.push(target.subarray(1, size + 1))
  }
  channel.finishTurn()
  return Buffer.concat(sent).toString()
}

describe('sending', () => {
  test('lays out at once what there is room for, and holds only what has to wait', () => {
    let holds = 0
    const lease = {
      hold: () => {
        holds += 1
        return {
          release: () => {
            holds -= 1
          },
        }
      },
    }
    const channel = open({ remoteWindow: 5 })
    hasRoom = true
    expect(channel.send(Buffer.from('abc'), lease)).toBe(true)
    expect([laidOut.join(), holds, waiting, isReady]).toEqual(['abc', 0, 0, false])
    channel.send(Buffer.from('defg'), lease)
    expect([laidOut.join(), holds, waiting, isReady]).toEqual(['abc,de', 1, 2, true])
    // Behind what waits everything waits.
    channel.send(Buffer.from('hi'), lease)
    expect([laidOut.join(), holds, waiting]).toEqual(['abc,de', 2, 4])
    channel.receiveAdjust(3)
    expect([turn(channel), holds, waiting]).toEqual(['fgh', 1, 1])
    channel.close({ abort: true })
    expect([holds, waiting]).toEqual([0, 0])
  })

  test('joins and cuts what was queued, byte for byte', () => {
    const channel = open({ remotePacketBytes: 7 })
    for (const text of ['a', 'bc', 'defghijklmno', '', 'p']) channel.send(Buffer.from(text))
    expect([isReady, channel.queuedBytes, waiting]).toEqual([true, 16, 16])
    expect(turn(channel)).toBe('abcdefghijklmnop')
    expect([channel.queuedBytes, waiting, channel.bytesSent]).toEqual([0, 0, 16])
  })

  test('goes as far as the window, and on when it opens', () => {
    const channel = open({ remoteWindow: 5 })
    channel.send(Buffer.from('0123456789'))
    expect([turn(channel), channel.canSend]).toEqual(['01234', false])
    isReady = false
    channel.receiveAdjust(3)
    expect([isReady, turn(channel)]).toEqual([true, '567'])
  })

  test('asks its source to stop when enough waits, and tells it when all has left', () => {
    const channel = open()
    let drained = 0
    channel.onDrain = () => {
      drained += 1
    }
    expect(channel.send(Buffer.alloc(499))).toBe(true)
    turn(channel)
    expect(drained).toBe(0)
    expect(channel.send(Buffer.alloc(500))).toBe(false)
    turn(channel)
    expect(drained).toBe(1)
  })

  test('asks a source of single bytes to stop, too', () => {
    const channel = open({ queueBytes: 1_000_000 })
    let pieces = 1
    while (channel.send(Buffer.from('x'))) pieces += 1
    expect(pieces).toBe(512)
  })

  test('keeps no pieces that are gone, though the queue never runs empty', () => {
    const channel = open({ remoteWindow: 0xffffffff, queueBytes: 10_000 })
    let expected = ''
    let got = ''
    for (let count = 0; count < 5000; count += 1) {
      const text = String.fromCharCode(97 + (count % 26))
      channel.send(Buffer.from(text))
      expected += text
      if (count < 3) continue
      const target = Buffer.alloc(1)
      channel.copyNext(target, 0, 1)
      got += target.toString()
    }
    expect(got + turn(channel)).toBe(expected)
  })

  test('after an end or a close is swallowed', () => {
    const channel = open()
    channel.close()
    expect(channel.send(Buffer.from('x'))).toBe(true)
    expect([turn(channel), said]).toEqual(['', ['close']])
  })
})

describe('the end', () => {
  test('of ours leaves after the data, and leaves the other direction open between peers that know it', () => {
    host.halfClose = true
    const channel = open({ remoteWindow: 2 })
    channel.send(Buffer.from('abc'))
    channel.sendEof()
    expect([turn(channel), said]).toEqual(['ab', []])
    channel.receiveAdjust(10)
    expect([turn(channel), said, channel.isOpen]).toEqual(['c', ['eof'], true])
    channel.sendEof()
    turn(channel)
    expect(said).toEqual(['eof'])
  })

  test('of both directions closes the channel, whoever ended last', () => {
    host.halfClose = true
    const first = open()
    first.sendEof()
    turn(first)
    first.receiveEof()
    turn(first)
    expect(said).toEqual(['eof', 'close'])
    said = []
    const second = open()
    second.receiveEof()
    turn(second)
    expect(said).toEqual([])
    second.sendEof()
    turn(second)
    expect(said).toEqual(['eof', 'close'])
  })

  test('of either direction closes at once with peers that know no half-closed streams, without an end message', () => {
    const ours = open()
    ours.sendEof()
    turn(ours)
    const theirs = open()
    theirs.receiveEof()
    turn(theirs)
    expect(said).toEqual(['close', 'close'])
  })

  test('of the peer lets our queue leave before the close', () => {
    const channel = open({ remoteWindow: 1 })
    channel.send(Buffer.from('ab'))
    channel.receiveEof()
    expect([turn(channel), said]).toEqual(['a', []])
    channel.receiveAdjust(1)
    expect([turn(channel), said]).toEqual(['b', ['close']])
  })
})

describe('the close', () => {
  test('of the peer is answered at once, drops what waits, and is told once', () => {
    const channel = open({ remoteWindow: 0 })
    let closes = 0
    channel.onClose = () => {
      closes += 1
    }
    channel.send(Buffer.from('never'))
    channel.receiveClose()
    channel.connectionLost()
    expect([said, closes, waiting, channel.isOpen]).toEqual([['close', 'forgotten'], 1, 0, false])
  })

  test('of ours waits for the queue, or drops it when told to', () => {
    const patient = open({ remoteWindow: 1 })
    patient.send(Buffer.from('ab'))
    patient.close()
    turn(patient)
    expect(said).toEqual([])
    patient.close({ abort: true })
    turn(patient)
    expect([said, waiting]).toEqual([['close'], 0])
  })

  test('is over when both have closed, not before', () => {
    const channel = open()
    let closes = 0
    channel.onClose = () => {
      closes += 1
    }
    channel.close()
    turn(channel)
    expect([said, closes]).toEqual([['close'], 0])
    channel.receiveClose()
    expect([said, closes]).toEqual([['close', 'forgotten'], 1])
  })
})

describe('receiving', () => {
  const data = (channel: SshChannel, size: number) => channel.receiveData(Buffer.alloc(size), OWNED_BYTES)

  test('opens the window again at half, by what was dealt with', () => {
    const channel = open()
    channel.onData = (bytes) => channel.consumed(bytes.length)
    data(channel, 300)
    expect(said).toEqual([])
    data(channel, 300)
    expect(said).toEqual(['adjust 600'])
    data(channel, 1000)
    expect(said).toEqual(['adjust 600', 'adjust 1000'])
  })

  test('opens a large window again long before half, so that its sender need not wait', () => {
    const mebibyte = 1024 * 1024
    const channel = open({ localWindow: 16 * mebibyte })
    channel.onData = (bytes) => channel.consumed(bytes.length)
    data(channel, mebibyte - 1)
    expect(said).toEqual([])
    data(channel, 1)
    expect(said).toEqual([`adjust ${mebibyte}`])
  })

  test('beyond the window is refused to the byte', () => {
    const channel = open()
    data(channel, 999)
    data(channel, 1)
    expect(() => data(channel, 1)).toThrow('data beyond the window')
  })

  test('of nothing is nothing, however often', () => {
    const channel = open()
    let calls = 0
    channel.onData = () => {
      calls += 1
    }
    for (let count = 0; count < 1000; count += 1) data(channel, 0)
    expect([calls, channel.bytesReceived]).toEqual([0, 0])
  })

  test('after our close goes on, unheard, so that the peer is not held up', () => {
    const channel = open()
    let calls = 0
    channel.onData = () => {
      calls += 1
    }
    channel.send(Buffer.from('x'))
    channel.close()
    data(channel, 800)
    expect([calls, said]).toEqual([0, ['adjust 800']])
  })

  test('opens no window of a channel that ends', () => {
    const channel = open()
    channel.onData = () => undefined
    data(channel, 900)
    channel.receiveEof()
    channel.consumed(900)
    expect(said).toEqual([])
  })
})

describe('the window', () => {
  beforeEach(() => {
    windows = new WindowGrowth(8000)
  })

  /** The peer sends all it may, the reader reads all of it, and `roundTripMs` later the next allowance has its effect. */
  function round(channel: SshChannel, allowed: number, roundTripMs: number): number {
    said = []
    let left = allowed
    while (left > 0) {
      const size = Math.min(100, left)
      channel.receiveData(Buffer.alloc(size), OWNED_BYTES)
      channel.consumed(size)
      left -= size
    }
    now += roundTripMs
    return said.reduce((sum, line) => sum + Number(line.replace('adjust ', '')), 0)
  }

  test('doubles with each round trip that its sender spends waiting for it, up to its limit', () => {
    const channel = open({ localWindow: 1000 })
    channel.onData = () => undefined
    const sizes: number[] = []
    let allowed = 1000
    for (let index = 0; index < 8; index += 1) {
      allowed = round(channel, allowed, 100)
      sizes.push(allowed)
    }
    expect(sizes.at(-1)).toBe(8000)
    expect(sizes.every((size, index) => index === 0 || size >= (sizes[index - 1] ?? 0))).toBe(true)
  })

  test('stays where the line, not the window, is what takes the time', () => {
    const channel = open({ localWindow: 1000 })
    channel.onData = () => undefined
    windows.isTooSmall(1)
    for (let index = 0; index < 8; index += 1) expect(round(channel, 1000, 50)).toBe(1000)
  })

  test('stays where its reader does not keep up', () => {
    const channel = open({ localWindow: 1000 })
    channel.onData = () => undefined
    channel.receiveData(Buffer.alloc(400), OWNED_BYTES)
    for (let index = 0; index < 8; index += 1) {
      channel.receiveData(Buffer.alloc(600), OWNED_BYTES)
      now += 100
      channel.consumed(600)
    }
    expect(said).toEqual(Array(8).fill('adjust 600'))
  })

  test('gives back what it had grown by when its channel ends', () => {
    const before = WindowGrowth.grownBytes
    const channel = open({ localWindow: 1000 })
    channel.onData = () => undefined
    let allowed = 1000
    for (let index = 0; index < 4; index += 1) allowed = round(channel, allowed, 100)
    expect(WindowGrowth.grownBytes).toBeGreaterThan(before)
    channel.connectionLost()
    expect(WindowGrowth.grownBytes).toBe(before)
  })
})
