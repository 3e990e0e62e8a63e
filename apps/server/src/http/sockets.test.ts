import { connect, type Socket } from 'node:net'
import { data, endpoint } from '@rport/api'
import { systemClock } from '@rport/kit'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { HttpApp, HttpConfig } from './app.ts'
import type { HandlerInput } from './routes.ts'
import { createTestApp, oneRoute } from './testing/test-app.ts'

const get = endpoint({
  method: 'GET',
  path: '/things',
  summary: 'Show',
  auth: 'none',
  reply: data(z.unknown()),
  errors: [],
})
const post = endpoint({ ...get, method: 'POST', body: z.object({ text: z.string().default('') }) })
const refusing = endpoint({ ...get, method: 'PUT', path: '/closed', auth: 'user', body: z.object({}) })

let app: HttpApp | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await app?.close()
})

async function startApp(
  limits: HttpConfig['limits'] = {},
  handle: (input: HandlerInput<typeof get>) => unknown = () => 'fine',
) {
  const test = createTestApp([oneRoute(get, handle), oneRoute(post, ({ body }) => body), oneRoute(refusing, () => 1)], {
    config: {
      maxRequestBytes: 10_240,
      cors: { origins: [], answersPreflight: false },
      limits: { closeTimeoutMs: 200, ...limits },
    },
    clock: systemClock,
  })
  app = test.app
  return { ...test, ...(await app.start({ host: '127.0.0.1', port: 0 })) }
}

/** Opens a connection; `received` is everything until it ended. */
function dial(port: number) {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  const chunks: Buffer[] = []
  let notify: () => void = () => undefined
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    notify()
  })
  const text = () => Buffer.concat(chunks).toString()
  const received = new Promise<string>((resolve) => {
    socket.on('error', () => undefined).on('close', () => resolve(text()))
  })
  /** Resolves as soon as what was received matches. */
  const until = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      notify = () => {
        if (pattern.test(text())) resolve(text())
      }
      notify()
    })
  return { socket, received, until }
}

const ask = (port: number, request: string) => {
  const line = dial(port)
  line.socket.write(request)
  return line
}
const GET = 'GET /api/v1/things HTTP/1.1\r\nHost: x\r\n'

describe('a real connection', () => {
  test('serves several requests, one after another', async () => {
    const { port } = await startApp()
    const line = ask(port, `${GET}\r\n${GET}Connection: close\r\n\r\n`)
    expect((await line.received).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  })

  test('survives a refused request whose small body nobody read', async () => {
    const { port } = await startApp()
    const line = ask(port, 'PUT /api/v1/closed HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello')
    line.socket.write(`${GET}Connection: close\r\n\r\n`)
    expect(await line.received).toMatch(/401 Unauthorized[\s\S]*200 OK/)
  })

  test.each(['Content-Length: 99999999', 'Transfer-Encoding: chunked'])(
    'ends after a refused request whose body may never end (%s)',
    async (header) => {
      const { port } = await startApp()
      const answer = await ask(port, `PUT /api/v1/closed HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`).received
      expect(answer).toMatch(/^HTTP\/1\.1 401 /)
      expect(answer.toLowerCase()).toContain('connection: close')
    },
  )

  test('gets the answer for a body that is too large, even while it is still sending', async () => {
    const { port } = await startApp()
    const line = ask(port, 'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n')
    line.socket.write('x'.repeat(300_000))
    const answer = await line.received
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('http: request body too large')
  })

  test('aborts the signal of a handler when the caller hangs up', async () => {
    const started = Promise.withResolvers<AbortSignal>()
    const { port, log } = await startApp({}, ({ signal }) => {
      started.resolve(signal)
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const line = ask(port, `${GET}\r\n`)
    const signal = await started.promise
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
    line.socket.destroy()
    await aborted
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('limits of the headers', () => {
  test('a header above the limit is 431', async () => {
    const { port } = await startApp()
    const answer = await ask(port, `${GET}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`).received
    expect(answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
    expect(answer).toContain('Content-Type: text/plain; charset=utf-8')
  })

  test('an address above the limit is 431', async () => {
    const { port } = await startApp()
    const answer = await ask(port, `GET /api/v1/things?${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`).received
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('a header within the slack of the original is fine', async () => {
    const { port } = await startApp()
    const answer = await ask(port, `${GET}X-Long: ${'x'.repeat(12_000)}\r\nConnection: close\r\n\r\n`).received
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test.each([
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n',
    'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\r\n\r\n',
  ])('%j is no request', async (text) => {
    const { port } = await startApp()
    expect(await ask(port, text).received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  test('both a length and chunks are one too many', async () => {
    const { port } = await startApp()
    const smuggled =
      'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    expect(await ask(port, smuggled).received).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe('slow callers', () => {
  test('headers that trickle are cut off without a word', async () => {
    const { port } = await startApp({ headerTimeoutMs: 100 })
    const line = ask(port, 'GET /api/v1/things HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    const drip = setInterval(() => line.socket.write('x'), 20)
    expect(await line.received).toBe('')
    clearInterval(drip)
  })

  test('a connection that says nothing is cut off', async () => {
    const { port } = await startApp({ headerTimeoutMs: 100 })
    expect(await dial(port).received).toBe('')
  })

  test('a body that stops is answered and given up', async () => {
    const { port } = await startApp({ bodyTimeoutMs: 50 })
    const line = ask(port, 'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
    const answer = await line.received
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('did not arrive in time')
  })

  test('an idle connection is closed', async () => {
    const { port } = await startApp({ keepAliveTimeoutMs: 50 })
    expect(await ask(port, `${GET}\r\n`).received).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('one connection too many is closed at once', async () => {
    const { port } = await startApp({ maxConnections: 1 })
    const first = ask(port, `${GET}\r\n`)
    await first.until(/200 OK/)
    expect(await ask(port, `${GET}\r\n`).received).toBe('')
  })
})

describe('life', () => {
  test('an address that is taken is an error that names it', async () => {
    const { port } = await startApp()
    const second = createTestApp([]).app
    await expect(second.start({ host: '127.0.0.1', port })).rejects.toThrow(`127.0.0.1:${port}`)
    await second.close()
  })

  test('closing lets a running request end and cuts one that does not', async () => {
    const first = Promise.withResolvers<string>()
    const started = Promise.withResolvers<void>()
    const { port, app } = await startApp({ closeTimeoutMs: 100 }, () => {
      started.resolve()
      return first.promise
    })
    const line = ask(port, `${GET}\r\n`)
    await started.promise
    const closed = app.close()
    first.resolve('done')
    expect(await line.received).toContain('{"data":"done"}')
    await closed

    const again = await startApp({ closeTimeoutMs: 50 }, () => new Promise(() => undefined))
    const hanging = ask(again.port, `${GET}\r\n`)
    await new Promise((resolve) => hanging.socket.once('connect', resolve))
    await again.app.close()
    expect(await hanging.received).toBe('')
  })

  test('closing is idempotent, also without a start', async () => {
    const { app } = createTestApp([])
    await app.close()
    await app.close()
  })
})
