import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { type Channel, ChannelRefused, pipeSocket } from '@rport/transport'
import { afterEach, expect, test } from 'vitest'
import { createFakeAgent } from '../testing/fake-agent.ts'
import { startEchoTarget, startTarget, type TcpTarget, visit } from '../testing/tcp-target.ts'
import { isAddressInUse, openTcpListener, type TcpListenerOptions } from './tcp-listener.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const TIMEOUT = { timeoutMs: 1000 }

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = await startTarget(() => undefined)
  await probe.close()
  return probe.port
}

async function listenTo(target: TcpTarget, changes: Partial<TcpListenerOptions> = {}) {
  cleanups.push(() => target.close())
  const agent = createFakeAgent()
  cleanups.push(() => agent.connection.close())
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const port = await freePort()
  const listener = await openTcpListener({
    listen: { host: '127.0.0.1', port },
    admits: () => true,
    openChannel: (signal) => agent.connection.openChannel('rport', `127.0.0.1:${target.port}`, { ...TIMEOUT, signal }),
    pipe: pipeSocket,
    clock,
    log,
    ...changes,
  })
  cleanups.push(() => listener.close())
  return { listener, port, agent, clock, log }
}

test('bytes of a visitor reach the target and come back', async () => {
  const { port, agent, listener } = await listenTo(await startEchoTarget())
  const visitor = await visit(port)
  visitor.socket.write('hello')
  await visitor.received('hello')
  expect(agent.channels).toHaveLength(1)
  expect(listener.openConnections).toBe(1)
})

test('a visitor whose address is not admitted gets nothing, and no channel is opened for him', async () => {
  const addresses: string[] = []
  const { port, agent } = await listenTo(await startEchoTarget(), {
    admits: (address) => {
      addresses.push(address)
      return false
    },
  })
  const visitor = await visit(port)
  await visitor.ended
  expect(visitor.text()).toBe('')
  expect(addresses).toEqual(['127.0.0.1'])
  expect(agent.channels).toEqual([])
})

test('nothing is read from a visitor before the channel is confirmed, and nothing of it is lost', async () => {
  const target = await startEchoTarget()
  const { promise: confirmed, resolve: confirm } = Promise.withResolvers<void>()
  const agent = createFakeAgent()
  cleanups.push(() => agent.connection.close())
  const asked = Promise.withResolvers<void>()
  const { port } = await listenTo(target, {
    openChannel: async (signal) => {
      asked.resolve()
      await confirmed
      return agent.connection.openChannel('rport', `127.0.0.1:${target.port}`, { ...TIMEOUT, signal })
    },
  })
  const visitor = await visit(port)
  visitor.socket.write('early bytes')
  await asked.promise
  expect(target.connections).toBe(0)
  confirm()
  await visitor.received('early bytes')
})

test('closing ends all visitors and frees the port at once', async () => {
  const { port, listener } = await listenTo(await startEchoTarget())
  const visitor = await visit(port)
  visitor.socket.write('x')
  await visitor.received('x')
  await Promise.all([listener.close(), listener.close()])
  await visitor.ended
  expect((await visit(port)).socket.readyState).toBe('closed')
})

test('closing while a channel is being opened aborts the opening, and a channel that comes too late is closed', async () => {
  const late = Promise.withResolvers<Channel>()
  const signals: AbortSignal[] = []
  const asked = Promise.withResolvers<void>()
  const { port, listener } = await listenTo(await startEchoTarget(), {
    openChannel: (signal) => {
      signals.push(signal)
      asked.resolve()
      return late.promise
    },
  })
  const visitor = await visit(port)
  await asked.promise
  await listener.close()
  expect(signals[0]?.aborted).toBe(true)
  const closed = Promise.withResolvers<unknown>()
  late.resolve({ close: (options: unknown) => closed.resolve(options) } as unknown as Channel)
  expect(await closed.promise).toEqual({ abort: true })
  await visitor.ended
})

test('a refused channel ends the visitor only; the next one is served', async () => {
  const target = await startEchoTarget()
  const agent = createFakeAgent()
  cleanups.push(() => agent.connection.close())
  let visits = 0
  const { port } = await listenTo(target, {
    openChannel: async (signal) => {
      visits += 1
      if (visits === 1) throw new ChannelRefused('prohibited', 'not allowed')
      return agent.connection.openChannel('rport', `127.0.0.1:${target.port}`, { ...TIMEOUT, signal })
    },
  })
  await (await visit(port)).ended
  const second = await visit(port)
  second.socket.write('hello')
  await second.received('hello')
})

test('a target that is closed ends the visitor without data', async () => {
  const target = await startEchoTarget()
  const { port } = await listenTo(target)
  await target.close()
  cleanups.shift()
  const visitor = await visit(port)
  await visitor.ended
  expect(visitor.text()).toBe('')
})

test('beyond the limit visitors are refused with one warning, until somebody leaves', async () => {
  const { port, listener, log } = await listenTo(await startEchoTarget(), { maxConnections: 1 })
  const first = await visit(port)
  first.socket.write('x')
  await first.received('x')
  await Promise.all([(await visit(port)).ended, (await visit(port)).ended])
  expect(log.lines.filter((line) => line.level === 'warn')).toHaveLength(1)
  first.socket.destroy()
  await expect.poll(() => listener.openConnections).toBe(0)
  const next = await visit(port)
  next.socket.write('y')
  await next.received('y')
})

test('idle time starts when the last visitor has left', async () => {
  const { port, listener, clock } = await listenTo(await startEchoTarget())
  const visitor = await visit(port)
  visitor.socket.write('x')
  await visitor.received('x')
  await clock.advance(7000)
  expect(listener.openConnections).toBe(1)
  visitor.socket.destroy()
  await expect.poll(() => listener.openConnections).toBe(0)
  expect(listener.idleSinceAt).toBe(7000)
})

test('a port that is taken is refused, also by a listener on all addresses', async () => {
  const target = await startEchoTarget()
  cleanups.push(() => target.close())
  const attempt = openTcpListener({
    listen: { host: '0.0.0.0', port: target.port },
    admits: () => true,
    openChannel: () => Promise.reject(new Error('unused')),
    pipe: pipeSocket,
    clock: createFakeClock(),
    log: createMemoryLogger(),
  })
  expect(await attempt.catch(isAddressInUse)).toBe(true)
})
