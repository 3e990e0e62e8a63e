import { createFakeClock } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import type { ChannelOpen } from '../channel.ts'
import type { ConnectionHandlers } from '../connection.ts'
import { ChannelRefused } from '../errors.ts'
import { type ConnectedPairOptions, connectPair } from '../testing/connected-pair.ts'

const patiently = { timeoutMs: 10_000 }
const refuse = () => ({ ok: false, payload: Buffer.alloc(0) })

/** A server that opens channels, and an agent that does with them as the test says. */
async function meet(onChannel: ConnectionHandlers['onChannel'], options: ConnectedPairOptions = {}) {
  const { server, agent } = await connectPair(options)
  agent.serve({ onRequest: refuse, onChannel })
  server.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
  return server
}

describe('a channel that we open', () => {
  test('says the reason when it is refused', async () => {
    const server = await meet((open) => open.reject('prohibited', 'not allowed'))
    const refusal = server.openChannel('rport', 'x:1', patiently)
    await expect(refusal).rejects.toBeInstanceOf(ChannelRefused)
    await expect(refusal).rejects.toMatchObject({ reason: 'prohibited', message: 'not allowed' })
  })

  test('is refused to its owner when as many as may be are open', async () => {
    const server = await meet((open) => open.accept(), { limits: { channels: 2 } })
    await server.openChannel('rport', 'x:1', patiently)
    await server.openChannel('rport', 'x:2', patiently)
    await expect(server.openChannel('rport', 'x:3', patiently)).rejects.toMatchObject({ code: 'too-many-requests' })
  })

  test('is closed again when it is confirmed too late', async () => {
    const clock = createFakeClock()
    const { promise: asked, resolve } = Promise.withResolvers<ChannelOpen>()
    const server = await meet(resolve, { clock })
    const outcome = expect(server.openChannel('rport', 'x:1', patiently)).rejects.toMatchObject({ code: 'timed-out' })
    const open = await asked
    await clock.advance(patiently.timeoutMs)
    await outcome
    const late = open.accept()
    await new Promise<void>((done) => {
      late.onClose = done
    })
  })

  test('counts while nobody has decided about it', async () => {
    const server = await meet(() => undefined, { limits: { channels: 1 } })
    const waiting = server.openChannel('rport', 'x:1', patiently)
    await expect(server.openChannel('rport', 'x:2', patiently)).rejects.toMatchObject({ code: 'too-many-requests' })
    server.close()
    await expect(waiting).rejects.toMatchObject({ code: 'closed' })
  })

  test('ends its wait with the reason of the signal', async () => {
    const server = await meet(() => undefined)
    const stop = new AbortController()
    const opening = server.openChannel('rport', 'x:1', { ...patiently, signal: stop.signal })
    stop.abort(new Error('the visitor has left'))
    await expect(opening).rejects.toThrow('the visitor has left')
  })
})
