import { createFakeClock } from '@rport/kit/testing'
import type { Connection, ConnectionHandlers } from '@rport/transport'
import { type ConnectedPair, type ConnectedPairOptions, connectPair } from '@rport/transport/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { createTestConnector } from './testing/test-connector.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const ECHO: ConnectionHandlers = {
  onRequest: (name, payload) => ({ ok: name !== 'refused', payload: Buffer.from(`${name}:${payload}`) }),
  onChannel: (open) => open.reject('unknown-type', 'none'),
}
const SILENT: ConnectionHandlers = { ...ECHO, onRequest: () => new Promise(() => undefined) }
const OPTIONS = { timeoutMs: 5000 }

type Make = (options?: ConnectedPairOptions) => Promise<ConnectedPair>
const here: Make = async (options) => {
  const pair = await connectPair(options)
  cleanups.push(() => pair.server.close())
  return pair
}
const inConnector: Make = async (options) => {
  const pair = await here(options)
  return { ...pair, server: await createTestConnector().bring(pair.server) }
}

describe.each([
  ['in this process', here],
  ['in a connector', inConnector],
])('a connection of the server %s', (_where, make) => {
  test('knows who has logged in, and with what program', async () => {
    const { server } = await make()
    expect(server).toMatchObject({ role: 'server', user: 'agent-1', isClosed: false })
    expect(server.peerIdent).toMatch(/^SSH-/)
  })

  test('asks and is answered, with consent and with refusal', async () => {
    const { server, agent } = await make()
    agent.serve(ECHO)
    server.serve(ECHO)
    const [yes, no] = await Promise.all([server.request('ping', 'x', OPTIONS), server.request('refused', '', OPTIONS)])
    expect([yes.ok, yes.payload.toString()]).toEqual([true, 'ping:x'])
    expect([no.ok, no.payload.toString()]).toEqual([false, 'refused:'])
  })

  test('answers what the agent asks, in its order', async () => {
    const { server, agent } = await make()
    agent.serve(ECHO)
    server.serve(ECHO)
    const replies = await Promise.all(['a', 'b', 'c'].map((name) => agent.request(name, '', OPTIONS)))
    expect(replies.map(({ payload }) => payload.toString())).toEqual(['a:', 'b:', 'c:'])
  })

  test('tells the agent something without an answer', async () => {
    const { server, agent } = await make()
    const heard = Promise.withResolvers<string>()
    agent.serve({
      ...ECHO,
      onRequest(name, payload, wantReply) {
        heard.resolve(`${name} ${payload} ${wantReply}`)
        return { ok: true, payload: Buffer.alloc(0) }
      },
    })
    server.serve(ECHO)
    server.notify('news', 'text')
    expect(await heard.promise).toBe('news text false')
  })

  test('fails a question that is not answered in time', async () => {
    const { server, agent } = await make()
    agent.serve(SILENT)
    server.serve(ECHO)
    await expect(server.request('ping', '', { timeoutMs: 10 })).rejects.toMatchObject({ code: 'timed-out' })
  })

  test('fails a question whose caller gives up', async () => {
    const { server, agent } = await make()
    const asked = Promise.withResolvers<void>()
    agent.serve({
      ...SILENT,
      onRequest() {
        asked.resolve()
        return new Promise(() => undefined)
      },
    })
    server.serve(ECHO)
    const giveUp = new AbortController()
    const reply = server.request('ping', '', { ...OPTIONS, signal: giveUp.signal })
    await asked.promise
    giveUp.abort(new Error('the caller left'))
    await expect(reply).rejects.toThrow('the caller left')
  })

  test('sends nothing that is too large', async () => {
    const { server } = await make()
    const large = 'x'.repeat(300_000)
    await expect(server.request('ping', large, OPTIONS)).rejects.toMatchObject({ code: 'too-large' })
    expect(() => server.notify('ping', large)).toThrow(/at most 261632 fit/)
  })

  test('closes once, for good and for both, and fails what is open', async () => {
    const { server, agent } = await make()
    agent.serve(SILENT)
    server.serve(ECHO)
    const open = expect(server.request('ping', '', OPTIONS)).rejects.toMatchObject({ code: 'closed' })
    server.close('enough')
    server.close('again')
    expect(server.isClosed).toBe(true)
    expect(await server.closed).toEqual({ code: 'local', text: 'enough' })
    expect((await agent.closed).code).toBe('peer')
    await open
    await expect(server.request('ping', '', OPTIONS)).rejects.toMatchObject({ code: 'closed' })
    server.notify('nobody', 'hears this')
  })

  test('learns that the agent has left', async () => {
    const { server, agent } = await make()
    server.serve(ECHO)
    agent.close()
    expect((await server.closed).code).toBe('peer')
  })

  test('serves no channels', async () => {
    const { server, agent } = await make()
    agent.serve(ECHO)
    server.serve(ECHO)
    await expect(agent.openChannel('session', '', OPTIONS)).rejects.toMatchObject({ reason: 'unknown-type' })
  })
})

test('bytes are known when somebody asks, and at the end', async () => {
  const { server, agent } = await connectPair()
  const connector = createTestConnector()
  const seen = await connector.bring(server)
  agent.serve(ECHO)
  seen.serve(ECHO)
  await seen.request('ping', '', OPTIONS)
  expect(seen.bytesReceived).toBe(0)
  await connector.desk.refresh()
  expect([seen.bytesReceived, seen.bytesSent]).toEqual([server.bytesReceived, server.bytesSent])
  expect(connector.desk.pendingHandshakes).toBe(3)
  await seen.request('ping', '', OPTIONS)
  agent.close()
  await seen.closed
  expect([seen.bytesReceived, seen.bytesSent]).toEqual([server.bytesReceived, server.bytesSent])
})

test('the connector watches the link: signs of life are told, and silence ends it', async () => {
  const connectorClock = createFakeClock()
  const { server, agent } = await connectPair({ clock: connectorClock })
  const connector = createTestConnector({ connectorClock })
  const seen = await connector.bring(server)
  agent.serve(ECHO)
  seen.serve(ECHO)
  const alive = Promise.withResolvers<void>()
  const policy = { intervalMs: 2000, onlyWhenSilent: false, timeoutMs: 3000, tries: 1 }
  seen.watch(policy, alive.resolve)
  // Asked behind the order to watch: when it is answered, the watch has begun.
  await seen.request('ping', '', OPTIONS)
  await connectorClock.advance(3000)
  await alive.promise
  expect(seen.isClosed).toBe(false)
})

test('a takeover from one connector to another is a close here and an arrival there', async () => {
  const [one, other] = [createTestConnector(), createTestConnector()]
  const [first, second] = [await connectPair(), await connectPair()]
  const incumbent: Connection = await one.bring(first.server)
  const newcomer: Connection = await other.bring(second.server)
  first.agent.serve(ECHO)
  incumbent.close('taken over')
  expect((await first.agent.closed).text).toContain('taken over')
  expect(newcomer.isClosed).toBe(false)
  newcomer.close()
})
