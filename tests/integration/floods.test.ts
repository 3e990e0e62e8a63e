import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createScope,
  createServerFolder,
  RPORTD,
  residentBytes,
  startAgent,
  startEchoTarget,
  startFlood,
  startProgram,
  startServer,
  type TestServer,
  until,
  visit,
} from '../harness/index.ts'

const MEGABYTE = 1024 * 1024
/** What a flood of thousands of sockets may cost: a few kilobytes each, and what the runtime has not given back yet. */
const MEMORY_BOUND_BYTES = 160 * MEGABYTE
/** Fewer than the silent ones: some of them find the door shut at once. */
const LIMIT_OF_ONE_ADDRESS = 200

const scope = createScope()
let server: TestServer
let tunnelPort: number
beforeAll(async () => {
  // Nobody stands between: the address of a socket is that of the caller, loopback or not.
  server = await startServer(scope, {
    settings: {
      server: { trusted_proxies: [], max_connections_without_login: LIMIT_OF_ONE_ADDRESS },
      api: { trusted_proxies: [] },
      logging: { log_level: 'info' },
    },
  })
  await startAgent(scope, server, { id: 'honest' })
  const echo = await startEchoTarget(scope)
  tunnelPort = (await server.api.openTunnel('honest', { remote: echo.port, 'skip-idle-timeout': 1 })).port
})
afterAll(() => scope.close())

async function everybodyElseIsWell(): Promise<void> {
  expect((await server.api.get('/api/v1/status')).status).toBe(200)
  expect((await visit({ port: tunnelPort, send: 'still here', halfClose: true })).error).toBeUndefined()
  const fresh = await startAgent(scope, server, { id: `fresh-${process.hrtime.bigint()}` })
  await fresh.program.stop()
}

/** Sends `piece` again and again, as fast as the other side takes it. */
const pour = (head: string, piece: Buffer) => (socket: Socket) => {
  socket.write(head)
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  more()
}

const drip = (text: string, byte: string) => (socket: Socket) => {
  socket.write(text)
  const timer = setInterval(() => socket.write(byte), 200)
  socket.once('close', () => clearInterval(timer))
}

const UPGRADE =
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: rport-v1\r\n\r\n'
const HEADER_LINE = Buffer.from(`X-Filler: ${'x'.repeat(1000)}\r\n`)

type Say = (socket: Socket) => void
const FLOODS: Readonly<Record<string, readonly [count: number, say?: Say]>> = {
  'says nothing': [2000],
  'sends headers without end': [100, pour('GET / HTTP/1.1\r\nHost: x\r\n', HEADER_LINE)],
  'sends a byte of a header now and then': [150, drip('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a')],
  'sends garbage': [150, pour('', Buffer.from('\x16\x03\x01\xff\xff\x00'.repeat(500), 'latin1'))],
  'announces a huge body and pours it': [
    50,
    pour('POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n', Buffer.alloc(65_536, 'x')),
  ],
  'pours a body in chunks without end': [
    50,
    pour(
      'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      Buffer.from(`2000\r\n${'x'.repeat(0x2000)}\r\n`),
    ),
  ],
}

/** Each kind of flood from a machine of its own. */
const startAll = (port: number) =>
  Object.values(FLOODS).map(([count, say], index) =>
    startFlood(scope, { port, from: `127.0.0.${60 + index}`, count, ...(say ? { say } : {}) }),
  )

test.each([
  ['the port for agents', () => server.agentPort],
  ['the port of the API', () => server.apiPort],
])(
  'on %s silence, endless headers, slow headers, garbage and endless bodies, all at once, cost nobody else anything and are cut off',
  { timeout: 90_000 },
  async (_, portOf) => {
    const before = residentBytes(server.program.pid)
    const floods = startAll(portOf())
    await Promise.all(floods.map((flood) => flood.connected))
    await everybodyElseIsWell()
    expect(residentBytes(server.program.pid) - before).toBeLessThan(MEMORY_BOUND_BYTES)
    await until('every connection of the floods is closed', () => floods.every((flood) => flood.open === 0), 60_000)
  },
)

test('one address has a limited number of connections until it logs in, and others do not feel it', async () => {
  const flood = startFlood(scope, {
    port: server.agentPort,
    from: '127.0.0.66',
    count: LIMIT_OF_ONE_ADDRESS + 100,
    say: (socket) => void socket.write(UPGRADE),
  })
  await flood.connected
  await until('those above the limit are closed', () => flood.open === LIMIT_OF_ONE_ADDRESS)
  await everybodyElseIsWell()
  expect(server.program.output).toMatch(/too many connections without login from one address.*address=127\.0\.0\./)
})

test('with few descriptors the API answers while all machines of a network flood the port for agents', async () => {
  const settings = {
    server: { auth: 'a:b', key_seed: 'test', trusted_proxies: [] },
    api: { auth: 'admin:admin-password-for-tests-1' },
  }
  const { config, agentPort, apiPort } = await createServerFolder(scope, { settings })
  const program = startProgram(scope, {
    name: 'rportd',
    command: RPORTD,
    args: ['-c', config],
    prefix: ['prlimit', '--nofile=400:400'],
  })
  await program.waitFor(/this process may open few files.*limit=400.*LimitNOFILE/)
  await program.waitFor(/API listening/)
  const floods = Array.from({ length: 6 }, (_, index) =>
    startFlood(scope, { port: agentPort, from: `127.0.0.${70 + index}`, count: 100 }),
  )
  await Promise.all(floods.map((flood) => flood.connected))
  await program.waitFor(/no descriptors left for agents/)
  const health = await fetch(`http://127.0.0.1:${apiPort}/readyz`)
  expect([health.status, await health.text()]).toEqual([200, 'ready\n'])
  await program.stop()
})
