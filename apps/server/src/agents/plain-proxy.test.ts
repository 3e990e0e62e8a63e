import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createMemoryLogger } from '@rport/kit/testing'
import { afterEach, expect, test } from 'vitest'
import { createPlainProxy } from './plain-proxy.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A web site behind a proxy of ours; what reached it, and a way to ask. */
async function open(answer: Parameters<typeof createServer>[1], path = '/site') {
  const seen: { url: string; headers: IncomingMessage['headers']; body: string }[] = []
  const site = createServer(async (incoming, response) => {
    const { url = '', headers } = incoming
    seen.push({ url, headers, body: await text(incoming).catch(() => 'broken off') })
    answer?.(incoming, response as never)
  })
  const sitePort = await listen(site)
  const log = createMemoryLogger()
  const proxy = createPlainProxy({ target: `http://127.0.0.1:${sitePort}${path}`, maxRequestBytes: 1000, log })
  const port = await listen(createServer((incoming, response) => proxy.answer(incoming, response, '203.0.113.9')))
  return { seen, log, port, proxy, site }
}

interface Reply {
  status: number
  headers: IncomingMessage['headers']
  body: string
}
const ask = (
  port: number,
  options: { path?: string; method?: string; headers?: Record<string, string>; body?: string },
) =>
  new Promise<Reply>((resolve, reject) => {
    const { body, ...rest } = options
    const outgoing = request({ host: '127.0.0.1', port, ...rest }, (incoming) => {
      text(incoming).then(
        (received) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: received }),
        reject,
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })

test('a plain request reaches the web server behind, and its answer comes back', async () => {
  const { seen, port } = await open((_request, response) => {
    response.writeHead(201, { 'x-site': 'yes', 'set-cookie': ['a=1', 'b=2'] }).end('hello')
  })
  const reply = await ask(port, { path: '/page?x=1', method: 'POST', body: 'data', headers: { 'x-mine': '1' } })
  expect([reply.status, reply.body, reply.headers['x-site'], reply.headers['set-cookie']]).toEqual([
    201,
    'hello',
    'yes',
    ['a=1', 'b=2'],
  ])
  expect(seen).toMatchObject([{ url: '/site/page?x=1', body: 'data', headers: { 'x-mine': '1' } }])
})

test('the web server hears the true address and its own name, whatever the caller claims', async () => {
  const { seen, port } = await open((_request, response) => response.end())
  await ask(port, {
    headers: {
      host: 'evil.example',
      'x-forwarded-for': '198.51.100.1',
      'x-real-ip': '198.51.100.1',
      forwarded: 'for=198.51.100.1',
      connection: 'close, x-hop',
      'x-hop': '1',
    },
  })
  const headers = seen[0]?.headers
  expect(headers?.['x-forwarded-for']).toBe('203.0.113.9')
  expect(headers?.host).toMatch(/^127\.0\.0\.1:\d+$/)
  for (const name of ['x-real-ip', 'forwarded', 'x-hop']) expect(headers?.[name]).toBeUndefined()
})

test('an absolute address in the request leads nowhere', async () => {
  const { seen, port } = await open((_request, response) => response.end())
  expect((await ask(port, { path: 'http://evil.example/' })).status).toBe(400)
  expect(seen).toEqual([])
})

test('a body above the limit is cut off, however it is announced', async () => {
  const { port } = await open((_request, response) => response.end())
  const reply = await ask(port, {
    method: 'POST',
    headers: { 'transfer-encoding': 'chunked' },
    body: 'x'.repeat(5000),
  })
  expect(reply.status).toBe(400)
  expect(reply.body).toContain('request body too large')
})

test('a web server that is not there is answered for with 502', async () => {
  const { port, site, log } = await open((_request, response) => response.end())
  site.closeAllConnections()
  await new Promise((resolve) => site.close(resolve))
  expect((await ask(port, {})).status).toBe(502)
  expect(log.lines).toMatchObject([{ level: 'warn' }])
})

test('a web server that breaks off in the middle breaks off the answer, and nothing else', async () => {
  let isFirst = true
  const { port } = await open((_request, response) => {
    if (!isFirst) return void response.end('well')
    isFirst = false
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setImmediate(() => response.destroy())
  })
  await expect(ask(port, {})).rejects.toThrow()
  expect((await ask(port, {})).body).toBe('well')
})
