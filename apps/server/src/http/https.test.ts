import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { data, endpoint } from '@rport/api'
import { systemClock } from '@rport/kit'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { KeyPair } from '../tls/index.ts'
import { makeCertificate } from '../tls/testing/make-certificate.ts'
import type { HttpApp } from './app.ts'
import { createTestApp, oneRoute } from './testing/test-app.ts'

const get = endpoint({
  method: 'GET',
  path: '/things',
  summary: 'Show',
  auth: 'none',
  reply: data(z.unknown()),
  errors: [],
})
const REQUEST = 'GET /api/v1/things HTTP/1.1\r\nHost: localhost\r\n'

let pair: KeyPair
beforeAll(async () => {
  pair = await pairFor('localhost')
})
async function pairFor(name: string): Promise<KeyPair> {
  return { ...(await makeCertificate({ name })), validFromAt: 0, validToAt: Number.MAX_SAFE_INTEGER, names: name }
}

let app: HttpApp | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await app?.close()
})

async function start(minVersion: '1.2' | '1.3' = '1.3') {
  let renew: (pair: KeyPair) => void = () => undefined
  const certificates = {
    current: () => pair,
    onChange: (listener: (pair: KeyPair) => void) => {
      renew = listener
    },
  }
  const limits = { headerTimeoutMs: 300, closeTimeoutMs: 200 }
  const config = { maxRequestBytes: 10_240, cors: { origins: [], answersPreflight: false }, limits }
  const built = createTestApp([oneRoute(get, () => 'fine')], {
    config: { ...config, tls: { minVersion, certificates } },
    clock: systemClock,
  })
  app = built.app
  return { ...(await app.start({ host: '127.0.0.1', port: 0 })), renew: (next: KeyPair) => renew(next) }
}

async function dial(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: pair.certificate, ...options })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  return socket
}

async function answerOf(socket: Socket, request: string): Promise<string> {
  const text = textOf(socket)
  socket.write(request)
  if (!socket.closed) await once(socket, 'close')
  return text()
}

/** Gives what has arrived so far. */
function textOf(socket: Socket): () => string {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
  return () => Buffer.concat(chunks).toString()
}

test('the API answers over TLS 1.3 to whoever trusts its certificate', async () => {
  const { port } = await start()
  const socket = await dial(port)
  expect(socket.getProtocol()).toBe('TLSv1.3')
  expect(await answerOf(socket, `${REQUEST}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 OK.*"fine"/s)
})

test.each([
  ['1.3', 'TLSv1.2', false],
  ['1.2', 'TLSv1.2', true],
  ['1.2', 'TLSv1.1', false],
] as const)('with tls_min %s a caller that speaks %s at most gets in: %s', async (minVersion, maxVersion, expected) => {
  const { port } = await start(minVersion)
  const outcome = dial(port, { minVersion: 'TLSv1', maxVersion }).then(
    () => true,
    () => false,
  )
  expect(await outcome).toBe(expected)
})

test('a plain request is told that the port speaks HTTPS, gets nothing of the API, and its connection ends', async () => {
  const { port } = await start()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  sockets.push(socket)
  const ended = once(socket, 'end')
  const answer = textOf(socket)
  socket.write(`${REQUEST}Connection: keep-alive\r\n\r\n`)
  await ended
  expect(answer()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\r\n\r\n400 Bad Request: this port speaks HTTPS/s)
  expect(answer()).not.toContain('fine')
  socket.end()
  await app?.close()
})

test.each([
  ['says nothing', ''],
  ['sends half a hello', '\x16\x03\x01\x02\x00\x01'],
  ['sends garbage', '\x00\xff\x13garbage'],
])('a caller that %s is closed in time', async (_case, bytes) => {
  const { port } = await start()
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  await answerOf(socket, bytes)
  expect(socket.destroyed).toBe(true)
})

test('a renewed certificate holds for new connections, and open ones go on', async () => {
  const { port, renew } = await start()
  const early = await dial(port)
  const next = await pairFor('new.example.com')
  renew(next)
  const late = await dial(port, { servername: 'new.example.com', ca: next.certificate })
  expect(late.getPeerCertificate().subject.CN).toBe('new.example.com')
  expect(await answerOf(early, `${REQUEST}Connection: close\r\n\r\n`)).toContain('200 OK')
})
