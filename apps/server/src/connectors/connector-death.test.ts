import { connectPair } from '@rport/transport/testing'
import { afterEach, expect, test } from 'vitest'
import { startTarget, visit } from '../testing/tcp-target.ts'
import { createTestConnector, type TestConnector } from './testing/test-connector.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const SILENT = {
  onRequest: () => new Promise<never>(() => undefined),
  onChannel: (open: { reject(reason: 'prohibited', text: string): void }) => open.reject('prohibited', 'no'),
}

async function freePort(): Promise<number> {
  const probe = await startTarget(() => undefined)
  await probe.close()
  return probe.port
}

async function join(connector: TestConnector) {
  const pair = await connectPair()
  cleanups.push(() => pair.server.close())
  pair.agent.serve(SILENT)
  return { ...pair, seen: await connector.bring(pair.server) }
}

const wayTo = (port: number, acl: string | null = null) => ({
  clientId: 'c1',
  host: '127.0.0.1',
  port,
  target: '127.0.0.1:9/tcp',
  acl,
})

test('a tunnel listens in the connector until it is closed there, and its visitors are counted here', async () => {
  const connector = createTestConnector()
  const { seen, agent } = await join(connector)
  const opened = Promise.withResolvers<void>()
  agent.serve({
    ...SILENT,
    onChannel(open) {
      open.accept()
      opened.resolve()
    },
  })
  const port = await freePort()
  const listener = await seen.listen(wayTo(port))
  const visitor = await visit(port)
  await opened.promise
  expect(await listener.countNow()).toBe(1)
  // Answered behind what the connector has told until now.
  await listener.changeAcl('192.0.2.1')
  expect(listener.openConnections).toBe(1)
  const refused = await visit(port)
  await refused.ended
  expect(visitor.socket.destroyed).toBe(false)
  const before = listener.idleSinceAt
  visitor.socket.destroy()
  await visitor.ended
  await listener.close()
  expect(listener.openConnections).toBe(0)
  expect(listener.idleSinceAt).toBeGreaterThanOrEqual(before)
  expect((await visit(port)).socket.destroyed).toBe(true)
  expect(connector.log.lines).toContainEqual(expect.objectContaining({ message: 'tunnel visitor refused by acl' }))
})

test('a port that somebody has is refused with the word of the system', async () => {
  const taken = await startTarget(() => undefined)
  cleanups.push(() => taken.close())
  const { seen } = await join(createTestConnector())
  await expect(seen.listen(wayTo(taken.port))).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('nobody listens for an agent that has left', async () => {
  const { seen, agent } = await join(createTestConnector())
  agent.close()
  await seen.closed
  await expect(seen.listen(wayTo(await freePort()))).rejects.toMatchObject({ code: 'closed' })
})

test('when a connector dies its agents are lost to the network, and all that is open fails', async () => {
  const connector = createTestConnector()
  const { seen } = await join(connector)
  const request = seen.request('ping', '', { timeoutMs: 60_000 })
  const listener = await seen.listen(wayTo(await freePort()))
  const listening = seen.listen(wayTo(await freePort()))
  const count = listener.countNow()
  const changing = listener.changeAcl('192.0.2.1')
  const closing = listener.close()
  cleanups.push(() => listener.close())
  connector.die()
  await expect(request).rejects.toMatchObject({ code: 'closed' })
  await expect(listening).rejects.toMatchObject({ code: 'closed' })
  expect(await count).toBe(0)
  await Promise.all([changing, closing])
  expect(await seen.closed).toEqual({ code: 'network', text: 'the connector of this agent has ended: SIGKILL' })
  await expect(seen.request('ping', '', { timeoutMs: 1000 })).rejects.toMatchObject({ code: 'closed' })
  await expect(seen.listen(wayTo(1))).rejects.toMatchObject({ code: 'closed' })
})

test('tunnels of a connector that has died have no visitors and close at once', async () => {
  const connector = createTestConnector()
  const { seen } = await join(connector)
  const listener = await seen.listen(wayTo(await freePort()))
  connector.die()
  expect(listener.openConnections).toBe(0)
  expect(await listener.countNow()).toBe(0)
  await listener.changeAcl('192.0.2.1')
  await listener.close()
  expect(connector.log.lines.filter(({ level }) => level === 'error')).toEqual([])
})

test('those who were arriving are counted no more when their connector dies', async () => {
  let arriving = 0
  const enter = () => {
    arriving += 1
    return () => {
      arriving -= 1
    }
  }
  const connector = createTestConnector({ newcomers: { admit: enter, arrivedFrom: enter } })
  connector.line.tell('arrived', { socket: 1, address: '192.0.2.1' })
  connector.line.tell('arrived', { socket: 2, address: '192.0.2.1' })
  await connector.line.ask('judge', { socket: 2, address: '198.51.100.1', isForwarded: true, isAgent: true })
  expect(arriving).toBe(3)
  connector.line.tell('settled', { socket: 2 })
  await connector.line.ask('judge', { socket: 1, address: '192.0.2.1', isForwarded: false, isAgent: true })
  expect(arriving).toBe(1)
  connector.die()
  expect(arriving).toBe(0)
})
