import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { silentLogger } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { afterEach, expect, test } from 'vitest'
import { parseProxy } from './dial/index.ts'
import { type DialOptions, dialServer } from './dial.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A listener that does what `greet` says; gives its port and the sockets that came. */
async function listen(greet: (socket: Socket) => void) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    greet(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port, sockets, server }
}

const options = (port: number, more: Partial<DialOptions> = {}): DialOptions => ({
  url: new URL(`ws://127.0.0.1:${port}/`),
  headers: {},
  fingerprint: '',
  clientAuthId: 'a',
  password: 'b',
  connectTimeoutMs: 60_000,
  log: silentLogger,
  ...more,
})

test.each([
  ['the server', undefined],
  ['an HTTP proxy', 'http'],
  ['a SOCKS proxy', 'socks5h'],
])('%s that accepts and says nothing is given up at the deadline, and its socket closed', async (_, scheme) => {
  const clock = createFakeClock()
  const { port, sockets, server } = await listen((socket) => socket.resume())
  const proxy = scheme === undefined ? {} : { proxy: parseProxy(`${scheme}://u:p@127.0.0.1:${port}`) }
  const dialled = expect(dialServer(options(port, { clock, ...proxy }))).rejects.toMatchObject({ code: 'timed-out' })
  await once(server, 'connection')
  await clock.advance(60_000)
  await dialled
  await once(sockets[0] as Socket, 'close')
  expect(clock.pending).toBe(0)
})

test('a server that is reached may take longer than one that is not', async () => {
  const clock = createFakeClock()
  const { port, sockets, server } = await listen((socket) => socket.resume())
  const limits = { connectTimeoutMs: 30_000, reachTimeoutMs: 10_000 }
  const steps: string[] = []
  const reached = Promise.withResolvers<void>()
  const onStep = (step: string) => {
    steps.push(step)
    reached.resolve()
  }
  const dialled = expect(dialServer(options(port, { clock, onStep, ...limits }))).rejects.toThrow(/within 30s/)
  await once(server, 'connection')
  await reached.promise
  await clock.advance(29_000)
  expect(sockets[0]?.destroyed).toBe(false)
  await clock.advance(1000)
  await dialled
  expect(steps).toEqual(['connected'])
})

test('a TLS handshake that does not come is given up at the deadline', async () => {
  const clock = createFakeClock()
  const { port, sockets, server } = await listen((socket) => socket.resume())
  const url = new URL(`wss://127.0.0.1:${port}/`)
  const dialled = expect(dialServer(options(port, { clock, url }))).rejects.toMatchObject({ code: 'timed-out' })
  await once(server, 'connection')
  await once(sockets[0] as Socket, 'data')
  await clock.advance(60_000)
  await dialled
})

test('an abort ends the dial at once', async () => {
  const { port, server } = await listen((socket) => socket.resume())
  const stopping = new AbortController()
  const dialled = expect(dialServer(options(port, { signal: stopping.signal }))).rejects.toMatchObject({
    code: 'dial-failed',
    message: 'stopped',
  })
  await once(server, 'connection')
  stopping.abort()
  await dialled
})

test('a server that asks for patience is quoted in milliseconds', async () => {
  const { port } = await listen((socket) => {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n')
  })
  await expect(dialServer(options(port))).rejects.toMatchObject({ code: 'upgrade-refused', retryAfterMs: 7000 })
})

test('a peer that closes without an answer is named', async () => {
  const { port } = await listen((socket) => socket.once('data', () => socket.end()))
  await expect(dialServer(options(port))).rejects.toThrow('the server closed the connection without an answer')
  const proxy = parseProxy(`socks://127.0.0.1:${port}`)
  await expect(dialServer(options(port, { proxy }))).rejects.toThrow('the proxy closed the connection')
})

test('a closed port is said with its reason', async () => {
  const { port, server } = await listen(() => undefined)
  server.close()
  await expect(dialServer(options(port))).rejects.toThrow('ECONNREFUSED')
})

test('an interface that does not exist fails the dial, not the program', async () => {
  await expect(dialServer(options(1, { bindInterface: 'nonesuch0' }))).rejects.toThrow('unable to find nonesuch0')
})
