import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { askPlainly, type WayStep } from './open-link.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

const ask = (port: number, onStep: (step: WayStep) => void = () => undefined) =>
  askPlainly(
    { url: new URL(`ws://127.0.0.1:${port}/a?b=c`), hostHeader: 'h', headers: { 'User-Agent': 'u' }, onStep },
    new AbortController().signal,
  )

test('a plain question is no upgrade, and its answer tells status and time', async () => {
  const asked: unknown[] = []
  const steps: WayStep[] = []
  const server = createServer(({ method, url, headers }, response) => {
    asked.push([method, url, headers])
    response.sendDate = false
    response.writeHead(404, { Date: 'Sat, 21 Nov 2026 17:00:00 GMT' }).end('nothing')
  })
  const port = await listen(server)
  expect(await ask(port, (step) => steps.push(step))).toEqual({ status: 404, at: Date.UTC(2026, 10, 21, 17) })
  expect(asked).toEqual([['GET', '/a?b=c', { connection: 'close', host: 'h', 'user-agent': 'u' }]])
  expect(steps).toEqual(['connected'])
})

test('a server without a clock is no failure', async () => {
  const port = await listen(
    createTcpServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('HTTP/1.1 204 No\r\nDate: today\r\n\r\n'),
    ),
  )
  expect(await ask(port)).toEqual({ status: 204, at: undefined })
})

test('whoever speaks something else is refused', async () => {
  const port = await listen(
    createTcpServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0-x\r\n'),
    ),
  )
  await expect(ask(port)).rejects.toThrow('does not speak HTTP')
})
