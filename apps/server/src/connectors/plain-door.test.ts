import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseIpNetwork, silentLogger } from '@rport/kit'
import { afterEach, expect, test } from 'vitest'
import { NOT_FOUND, sendPlainAnswer } from '../agents/plain-answers.ts'
import type { AnswerPlain } from '../agents/plain-desk.ts'
import { createPlainDoor } from './plain-door.ts'
import { createPlainPassage } from './plain-passage.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** The port for agents of a connector, and a main process behind it that answers so. */
async function open(answer: AnswerPlain, folderName = 'door-'): Promise<{ port: number; path: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), folderName))
  cleanups.push(() => rm(dataDir, { recursive: true }))
  const trustedProxies = [parseIpNetwork('127.0.0.0/8') ?? []].flat()
  const door = createPlainDoor({ dataDir, answer, maxRequestBytes: 65_536, trustedProxies, log: silentLogger })
  const path = await door.open()
  cleanups.push(door.close)
  const passage = createPlainPassage({ plainDoor: path, log: silentLogger })
  const server = createServer((request, response) => passage(request, response, ''))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, path }
}

const echo: AnswerPlain = (request, response) => void request.pipe(response)

async function say(port: number, words: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(words)
  return text(socket)
}

test('requests and answers pass as they are', async () => {
  const seen: Partial<IncomingMessage>[] = []
  const { port } = await open((request, response) => {
    seen.push({ method: request.method, url: request.url, headers: request.headers })
    response.writeHead(418, 'Teapot', { 'X-Tea': 'green', 'Set-Cookie': ['a=1', 'b=2'] })
    response.end('short and stout')
  })
  const reply = await fetch(`http://127.0.0.1:${port}/kitchen?sugar=2`, { headers: { 'X-Cup': 'large' } })
  expect([reply.status, reply.statusText, await reply.text()]).toEqual([418, 'Teapot', 'short and stout'])
  expect(reply.headers.get('x-tea')).toBe('green')
  expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(seen).toMatchObject([{ method: 'GET', url: '/kitchen?sugar=2', headers: { 'x-cup': 'large' } }])
  expect(Object.keys(seen[0]?.headers ?? {})).not.toContain('x-rport-peer')
})

test('bodies pass in both directions, of known and of unknown length', async () => {
  const { port } = await open(echo)
  const body = 'x'.repeat(300_000)
  const known = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
  expect(await known.text()).toBe(body)
  const chunked =
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  expect(await say(port, chunked)).toMatch(/hello/)
})

test('an answer that reads no body arrives, however large the body is', async () => {
  const { port } = await open((_request, response) => sendPlainAnswer(response, NOT_FOUND))
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n'
  expect(await say(port, head)).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
})

test('the main process sees the caller, and not what he says he is', async () => {
  const { port } = await open((request, response, address) => {
    response.end(JSON.stringify([request.socket.remoteAddress, address, request.headers['x-rport-peer']]))
  })
  const lies = { 'x-rport-peer': '["203.0.113.9",1]' }
  expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers: lies })).json()).toEqual([
    '127.0.0.1',
    '127.0.0.1',
    null,
  ])
  const forwarded = { 'x-forwarded-for': '198.51.100.7' }
  const seen = await (await fetch(`http://127.0.0.1:${port}/`, { headers: forwarded })).json()
  expect(seen).toEqual(['127.0.0.1', '198.51.100.7', null])
})

test('whoever speaks HTTP/1.0 sees the end of the connection', async () => {
  const { port } = await open((_request, response) => void response.end('old'))
  expect(await say(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/old$/)
})

test('only this user may enter, also where the data folder has a long name', async () => {
  for (const name of ['door-', `${'long'.repeat(30)}-`]) {
    const { port, path } = await open((_request, response) => void response.end('in'), name)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('in')
  }
})

test('a caller whose answer does not come is cut off, not kept waiting', async () => {
  const { port } = await open((request) => void request.socket.destroy())
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
})
