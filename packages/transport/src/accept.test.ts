import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Socket } from 'node:net'
import { silentLogger } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { type AcceptOptions, acceptAgent } from './accept.ts'
import type { Connection, ConnectionHandlers } from './connection.ts'
import { type DialOptions, dialServer } from './dial.ts'
import { TEST_CERTIFICATE, TEST_CERTIFICATE_KEY, TEST_HOST_KEY } from './testing/index.ts'
import { encodeUpgrade } from './ws/upgrade-client.ts'
import { judgeUpgrade } from './ws/upgrade-server.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const echo: ConnectionHandlers = {
  onRequest: (_name, payload) => ({ ok: true, payload }),
  onChannel: (open) => {
    const channel = open.accept()
    channel.onData = (bytes) => {
      channel.send(Buffer.from(bytes))
      channel.consumed(bytes.length)
    }
    channel.onEof = () => channel.close()
  },
}

interface Listening {
  readonly port: number
  /** The next agent that gets in, or the reason why it does not. */
  next(): Promise<Connection | Error>
}

/** A real HTTP server on loopback that takes agents and refuses everything else. */
async function listen(options: Partial<AcceptOptions> & { tls?: boolean } = {}): Promise<Listening> {
  const outcomes: (Connection | Error)[] = []
  const waiting: ((outcome: Connection | Error) => void)[] = []
  const tell = (outcome: Connection | Error) => {
    const first = waiting.shift()
    if (first) first(outcome)
    else outcomes.push(outcome)
  }
  const answer: http.RequestListener = (_request, response) => response.writeHead(404).end()
  const server = options.tls
    ? https.createServer({ cert: TEST_CERTIFICATE, key: TEST_CERTIFICATE_KEY }, answer)
    : http.createServer(answer)
  const sockets = new Set<Socket>()
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket as Socket)
    if (judgeUpgrade(request) !== 'agent') return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    acceptAgent(request, socket, head, '192.0.2.9', {
      hostKey: TEST_HOST_KEY,
      verifyPassword: async (user, password) => user === 'agent-1' && password === 'right',
      log: silentLogger,
      ...options,
    }).then(tell, tell)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    next: () =>
      new Promise((resolve) => {
        const first = outcomes.shift()
        if (first) resolve(first)
        else waiting.push(resolve)
      }),
  }
}

const login = (port: number, more: Partial<DialOptions> = {}): DialOptions => ({
  url: new URL(`ws://127.0.0.1:${port}/`),
  headers: { 'User-Agent': 'rport 2.1.0' },
  fingerprint: TEST_HOST_KEY.fingerprint,
  clientAuthId: 'agent-1',
  password: 'right',
  connectTimeoutMs: 30_000,
  log: silentLogger,
  ...more,
})

async function connected(outcome: Promise<Connection | Error>): Promise<Connection> {
  const connection = await outcome
  if (connection instanceof Error) throw connection
  closers.push(() => connection.close())
  return connection
}

describe.each([
  ['over TCP', {}, {}],
  ['over TLS', { tls: true }, { ca: TEST_CERTIFICATE }],
] as const)('an agent %s', (_how, serving, dialling) => {
  const url = (port: number) => new URL(`${'tls' in serving ? 'wss' : 'ws'}://localhost:${port}/`)

  test('gets in, asks, is asked, and its channels carry bytes both ways', async () => {
    const { port, next } = await listen(serving)
    const agent = await connected(dialServer(login(port, { ...dialling, url: url(port) })))
    const server = await connected(next())
    agent.serve(echo)
    server.serve(echo)
    expect([server.user, server.remoteAddress, agent.peerIdent]).toEqual([
      'agent-1',
      '192.0.2.9',
      'SSH-rport-v1-server',
    ])
    expect((await agent.request('a', '1', { timeoutMs: 30_000 })).payload.toString()).toBe('1')
    expect((await server.request('b', '2', { timeoutMs: 30_000 })).payload.toString()).toBe('2')
    const channel = await server.openChannel('rport', 'x:1', { timeoutMs: 30_000 })
    const sent = Buffer.alloc(3_000_000, 'abcdefg')
    let received = 0
    const whole = new Promise<void>((resolve) => {
      channel.onData = (bytes) => {
        expect(bytes.equals(sent.subarray(received, received + bytes.length))).toBe(true)
        received += bytes.length
        channel.consumed(bytes.length)
        if (received === sent.length) resolve()
      }
    })
    let at = 0
    const go = () => {
      while (at < sent.length) {
        const piece = sent.subarray(at, at + 100_000)
        at += piece.length
        if (!channel.send(piece)) {
          channel.onDrain = go
          return
        }
      }
    }
    go()
    await whole
    agent.close('done')
    expect((await server.closed).code).toBe('peer')
  })
})

test('a server whose certificate nobody known has signed is refused before anything is said', async () => {
  const { port } = await listen({ tls: true })
  const dialled = dialServer(login(port, { url: new URL(`wss://localhost:${port}/`) }))
  await expect(dialled).rejects.toMatchObject({ code: 'certificate-refused' })
})

test('a wrong password is refused on both sides', async () => {
  const { port, next } = await listen()
  await expect(dialServer(login(port, { password: 'wrong' }))).rejects.toMatchObject({ code: 'auth-refused' })
  expect(await next()).toMatchObject({ name: 'TransportError' })
})

test('an unexpected fingerprint ends the dial, and no password is sent', async () => {
  const passwords: string[] = []
  const { port, next } = await listen({
    verifyPassword: async (_user, password) => {
      passwords.push(password)
      return true
    },
  })
  await expect(dialServer(login(port, { fingerprint: '00:11' }))).rejects.toMatchObject({
    code: 'fingerprint-mismatch',
    message: `invalid fingerprint (${TEST_HOST_KEY.fingerprint})`,
  })
  expect(await next()).toBeInstanceOf(Error)
  expect(passwords).toEqual([])
})

test('a server that is no rport server is told apart', async () => {
  const server = http.createServer((_request, response) => response.end('hello'))
  server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const { port } = server.address() as AddressInfo
  await expect(dialServer(login(port))).rejects.toMatchObject({
    code: 'upgrade-refused',
    message: 'upgrade refused: 404: no rport server at this address',
  })
})

/** Connects, upgrades, and says nothing more by itself. */
async function upgradeOnly(port: number): Promise<Socket> {
  const socket = net.connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  socket.write(encodeUpgrade({ path: '/', host: 'x', headers: {} }).text)
  await once(socket, 'data')
  closers.push(() => socket.destroy())
  return socket
}

describe('a stranger', () => {
  test('that upgrades and falls silent is given up after the handshake time', async () => {
    const { port, next } = await listen({ limits: { handshakeTimeoutMs: 50 } })
    const socket = await upgradeOnly(port)
    expect(await next()).toMatchObject({ message: expect.stringContaining('login not finished within 50 ms') })
    await once(socket.resume(), 'close')
  })

  test('that drips bytes gets no longer', async () => {
    const { port, next } = await listen({ limits: { handshakeTimeoutMs: 100 } })
    const socket = await upgradeOnly(port)
    const drip = setInterval(() => socket.write(Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0x53])), 10)
    closers.push(() => clearInterval(drip))
    expect(await next()).toBeInstanceOf(Error)
  })

  test('that sends garbage ends its own connection and no other', async () => {
    const log = createMemoryLogger()
    const { port, next } = await listen({ log })
    const agent = await connected(dialServer(login(port)))
    const server = await connected(next())
    agent.serve(echo)
    server.serve(echo)
    for (const garbage of ['\0'.repeat(1000), 'GET / HTTP/1.1\r\n\r\n', '\x82\xfe\xff\xff\0\0\0\0SSH-']) {
      const socket = await upgradeOnly(port)
      socket.end(Buffer.from(garbage, 'latin1'))
      expect(await next()).toBeInstanceOf(Error)
    }
    expect((await agent.request('still', 'here', { timeoutMs: 30_000 })).payload.toString()).toBe('here')
    expect(log.lines).toEqual([])
  })

  test('is sent away when the server stops', async () => {
    const stopping = new AbortController()
    const { port, next } = await listen({ signal: stopping.signal })
    const socket = await upgradeOnly(port)
    stopping.abort()
    expect(await next()).toMatchObject({ message: 'connection is closed: the server stops' })
    await once(socket.resume(), 'close')
  })
})

test('bytes that come right behind the answer to the upgrade are not lost', async () => {
  // A server that sends its identification and offer in the same write as the 101.
  const { port, next } = await listen()
  const joining = net.createServer((near) => {
    const far = net.connect({ port, host: '127.0.0.1' })
    const early: Buffer[] = []
    near.on('error', () => undefined).pipe(far)
    far.on('error', () => undefined)
    const gather = (bytes: Buffer) => {
      early.push(bytes)
      if (!Buffer.concat(early).includes('kex-strict-s')) return
      far.off('data', gather)
      near.write(Buffer.concat(early))
      far.pipe(near)
    }
    far.on('data', gather)
  })
  joining.listen(0, '127.0.0.1')
  await once(joining, 'listening')
  closers.push(() => joining.close())
  const agent = await connected(dialServer(login((joining.address() as AddressInfo).port)))
  const server = await connected(next())
  server.serve(echo)
  agent.serve(echo)
  expect((await agent.request('a', 'b', { timeoutMs: 30_000 })).payload.toString()).toBe('b')
})
