import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StartError } from '@rport/host'
import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { requireFreePort } from './free-port.ts'

async function take(reusePort: boolean) {
  const server = createServer()
  server.listen({ host: '127.0.0.1', port: 0, reusePort })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, close: () => new Promise((resolve) => server.close(resolve)) }
}

test('a free port is found free again and again', async () => {
  const clock = createFakeClock()
  const { port } = await requireFreePort({ host: '127.0.0.1', port: 0 }, clock)
  expect(port).toBeGreaterThan(0)
  expect(await requireFreePort({ host: '127.0.0.1', port }, clock)).toEqual({ host: '127.0.0.1', port })
})

test('a port that another server shares with its own is not shared with us', async () => {
  const other = await take(true)
  const clock = createFakeClock()
  const asked = requireFreePort({ host: '127.0.0.1', port: other.port }, clock)
  const refused = expect(asked).rejects.toThrow(
    new StartError(
      `cannot listen for agents on 127.0.0.1:${other.port}: another program has this port. Stop it, or set [server] address to a free one.`,
    ),
  )
  let isOver = false
  void asked.catch(() => undefined).finally(() => (isOver = true))
  while (!isOver) {
    await clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await refused
  await other.close()
})

test('connectors of a server that was killed are waited for', async () => {
  const other = await take(true)
  const clock = createFakeClock()
  let found: unknown
  void requireFreePort({ host: '127.0.0.1', port: other.port }, clock).then((at) => {
    found = at
  })
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  await other.close()
  while (found === undefined) {
    await clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(found).toEqual({ host: '127.0.0.1', port: other.port })
})
