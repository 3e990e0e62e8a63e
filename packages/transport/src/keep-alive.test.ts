import { silentLogger } from '@rport/kit'
import { createFakeClock, createMemoryLogger, type FakeClock } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import type { CloseReason, Connection, RequestReply } from './connection.ts'
import { TransportError } from './errors.ts'
import { createKeepAlive, type KeepAlivePolicy, OWN_PEER_KEEP_ALIVE } from './keep-alive.ts'
import { connectPair } from './testing/index.ts'

/** What Go agents and servers do (wire-protocol 2.7). */
const GO_POLICY: KeepAlivePolicy = { intervalMs: 180_000, onlyWhenSilent: false, timeoutMs: 30_000, tries: 3 }

/** A connection of which only pings, silence and the end matter. */
class QuietConnection implements Connection {
  readonly role = 'server'
  readonly user = 'agent-1'
  readonly peerIdent = 'SSH-rport-v1-client'
  readonly remoteAddress = '192.0.2.1'
  readonly bytesReceived = 0
  readonly bytesSent = 0
  readonly closed: Promise<CloseReason>
  readonly pingsAt: number[] = []
  readonly #clock: FakeClock
  #settle: (reason: CloseReason) => void = () => undefined
  isClosed = false
  isOurs = false
  lastReceivedAt = 0
  /** Answers pings; `undefined` stays silent. */
  answer: (() => RequestReply) | undefined

  constructor(clock: FakeClock) {
    this.#clock = clock
    this.lastReceivedAt = clock.monotonic()
    this.closed = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  request(name: string): Promise<RequestReply> {
    expect(name).toBe('ping')
    this.pingsAt.push(this.#clock.monotonic())
    if (!this.answer) return new Promise(() => undefined)
    this.lastReceivedAt = this.#clock.monotonic()
    return Promise.resolve(this.answer())
  }

  probe(): void {
    this.pingsAt.push(this.#clock.monotonic())
    // A moment later, as over any line.
    if (this.answer) this.lastReceivedAt = this.#clock.monotonic() + 1
  }

  close(text = ''): void {
    this.isClosed = true
    this.#settle({ code: 'local', text })
  }

  serve = () => undefined
  notify = () => undefined
  announcePeerFeatures = () => undefined
  openChannel = () => Promise.reject(new TransportError('closed', 'no channels here'))
  openEarly = () => undefined
}

function watchOne(policy: KeepAlivePolicy, random = 0) {
  const clock = createFakeClock()
  const keepAlive = createKeepAlive({ clock, log: silentLogger, random: () => random })
  const connection = new QuietConnection(clock)
  let alive = 0
  const watch = keepAlive.watch(connection, policy, () => {
    alive += 1
  })
  return { clock, keepAlive, connection, watch, alive: () => alive }
}

const pong = (): RequestReply => ({ ok: true, payload: Buffer.alloc(0) })

describe('between our own peers', () => {
  test('a silent link is given up after two intervals at most', async () => {
    const { clock, connection } = watchOne(OWN_PEER_KEEP_ALIVE, 0.999)
    await clock.advance(29_000)
    expect(connection.isClosed).toBe(false)
    await clock.advance(3000)
    expect(connection.isClosed).toBe(true)
  })

  test('a link that answers lives on and is pinged every fifteen seconds', async () => {
    const { clock, connection, alive } = watchOne(OWN_PEER_KEEP_ALIVE)
    connection.answer = pong
    await clock.advance(10 * 60_000)
    expect(connection.isClosed).toBe(false)
    expect(connection.pingsAt.length).toBeGreaterThanOrEqual(38)
    expect(alive()).toBe(connection.pingsAt.length)
  })

  test('any byte counts as life, though the ping stays without an answer', async () => {
    const { clock, connection } = watchOne(OWN_PEER_KEEP_ALIVE)
    for (let second = 0; second < 300; second += 1) {
      await clock.advance(1000)
      if (second % 10 === 0) connection.lastReceivedAt = clock.monotonic()
    }
    expect(connection.isClosed).toBe(false)
  })

  test('a refusal is an answer, too: old agents know no ping', async () => {
    const { clock, connection } = watchOne(OWN_PEER_KEEP_ALIVE)
    connection.answer = () => ({ ok: false, payload: Buffer.from('unknown request') })
    await clock.advance(10 * 60_000)
    expect(connection.isClosed).toBe(false)
  })
})

describe('towards peers of the original', () => {
  test('three tries without an answer are made before the link is given up', async () => {
    const { clock, connection } = watchOne(GO_POLICY)
    await clock.advance(90_000 + 89_000)
    expect([connection.isClosed, connection.pingsAt.length]).toEqual([false, 3])
    await clock.advance(5000)
    expect(connection.isClosed).toBe(true)
  })

  test('a late answer to the second try keeps the link', async () => {
    const { clock, connection } = watchOne(GO_POLICY)
    await clock.advance(90_000 + 40_000)
    expect(connection.pingsAt.length).toBe(2)
    connection.lastReceivedAt = clock.monotonic()
    connection.answer = pong
    await clock.advance(60 * 60_000)
    expect(connection.isClosed).toBe(false)
  })

  test('a peer that talks by itself is not asked', async () => {
    const { clock, connection } = watchOne({ ...GO_POLICY, onlyWhenSilent: true })
    for (let minute = 0; minute < 60; minute += 1) {
      await clock.advance(60_000)
      connection.lastReceivedAt = clock.monotonic()
    }
    expect(connection.pingsAt).toEqual([])
    await clock.advance(200_000)
    expect(connection.pingsAt.length).toBeGreaterThan(0)
  })
})

test('first pings are spread over half an interval, so that a fleet does not ping together', async () => {
  const firstPingAt = async (random: number) => {
    const { clock, connection } = watchOne(OWN_PEER_KEEP_ALIVE, random)
    connection.answer = pong
    await clock.advance(16_000)
    return connection.pingsAt[0] ?? Number.NaN
  }
  expect(await firstPingAt(0)).toBe(8000)
  expect(await firstPingAt(0.5)).toBe(12_000)
  expect(await firstPingAt(0.99)).toBe(15_000)
})

test('one tick serves them all', async () => {
  const clock = createFakeClock()
  const keepAlive = createKeepAlive({ clock, log: silentLogger })
  const connections = Array.from({ length: 500 }, () => new QuietConnection(clock))
  for (const connection of connections) {
    connection.answer = pong
    keepAlive.watch(connection, OWN_PEER_KEEP_ALIVE)
  }
  expect(clock.pending).toBe(1)
  await clock.advance(20_000)
  expect(connections.every((connection) => connection.pingsAt.length >= 1)).toBe(true)
})

test('a stall of this process costs no link that owes an answer', async () => {
  const { clock, connection } = watchOne(OWN_PEER_KEEP_ALIVE)
  await clock.advance(8000)
  expect(connection.pingsAt.length).toBe(1)
  // The machine stands still for a minute: the tick comes late, and the answer that has arrived is read after it.
  let late = 60_000
  const { monotonic } = clock
  Object.assign(clock, { monotonic: () => monotonic() + late })
  await clock.advance(1000)
  expect(connection.isClosed).toBe(false)
  connection.lastReceivedAt = clock.monotonic()
  await clock.advance(10_000)
  expect(connection.isClosed).toBe(false)
  // A link that is really dead is found within the usual time.
  await clock.advance(40_000)
  expect(connection.isClosed).toBe(true)
  late = 0
})

test('a watched connection is let go when it closes, when it is stopped, and when all is closed', async () => {
  const stopped = watchOne(OWN_PEER_KEEP_ALIVE)
  stopped.watch.stop()
  const closed = watchOne(OWN_PEER_KEEP_ALIVE)
  closed.connection.close()
  const ended = watchOne(OWN_PEER_KEEP_ALIVE)
  ended.keepAlive.close()
  for (const { clock, connection } of [stopped, closed, ended]) {
    await clock.advance(60_000)
    expect(connection.pingsAt).toEqual([])
  }
  expect(ended.clock.pending).toBe(0)
  ended.keepAlive.watch(ended.connection, OWN_PEER_KEEP_ALIVE)
  expect(ended.clock.pending).toBe(0)
})

test('a listener that throws is logged and costs nothing else', async () => {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const connection = new QuietConnection(clock)
  connection.answer = pong
  createKeepAlive({ clock, log }).watch(connection, OWN_PEER_KEEP_ALIVE, () => {
    throw new Error('bug')
  })
  await clock.advance(60_000)
  expect(connection.pingsAt.length).toBeGreaterThan(2)
  expect(log.lines.map((line) => line.message)).toContain('keep-alive listener failed')
})

test('a real connection that falls silent ends with that reason', async () => {
  const clock = createFakeClock()
  const { server, agent, agentLink } = await connectPair({ clock })
  const nothing = { onRequest: pong, onChannel: () => undefined }
  server.serve(nothing)
  agent.serve(nothing)
  createKeepAlive({ clock, log: silentLogger }).watch(server, OWN_PEER_KEEP_ALIVE)
  agentLink.blackHole()
  await clock.advance(35_000)
  expect(await server.closed).toMatchObject({ code: 'silent', text: expect.stringContaining('no answer to 1 ping') })
})
