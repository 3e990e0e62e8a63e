import { describe, expect, test } from 'vitest'
import type { ChannelOpen } from '../channel.ts'
import type { ConnectionHandlers } from '../connection.ts'
import { connectPair } from '../testing/connected-pair.ts'
import type { SshLimits } from './limits.ts'

const patiently = { timeoutMs: 10_000 }
const refuse = () => ({ ok: false, payload: Buffer.alloc(0) })

/** The one that is asked for channels, and does with them as the test says, and the one that asks. */
async function meet(onChannel: ConnectionHandlers['onChannel'], limits: Partial<SshLimits> = {}) {
  const { server, agent } = await connectPair({ limits })
  server.serve({ onRequest: refuse, onChannel })
  agent.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'no') })
  return { server, agent }
}

describe('a channel that the peer asks for', () => {
  test('is refused when the peer has as many as it may have', async () => {
    const { agent } = await meet((open) => open.accept(), { peerChannels: 1 })
    await agent.openChannel('rport', 'x:1', patiently)
    await expect(agent.openChannel('rport', 'x:2', patiently)).rejects.toMatchObject({ reason: 'resource-shortage' })
  })

  test('counts no more when it was rejected', async () => {
    const { agent } = await meet((open) => open.reject('prohibited', 'no'), { peerChannels: 1 })
    for (const target of ['x:1', 'x:2', 'x:3'])
      await expect(agent.openChannel('rport', target, patiently)).rejects.toMatchObject({ reason: 'prohibited' })
  })

  test('can be decided about only once', async () => {
    const opens: ChannelOpen[] = []
    const { agent } = await meet((open) => {
      opens.push(open)
      open.accept()
    })
    await agent.openChannel('rport', 'x:1', patiently)
    expect(() => opens[0]?.accept()).toThrow('accepted or rejected before')
    expect(() => opens[0]?.reject('prohibited', 'no')).toThrow('accepted or rejected before')
  })

  test('is over at once when it is accepted after the end of the connection', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<ChannelOpen>()
    const { server, agent } = await meet(resolve)
    const opening = agent.openChannel('rport', 'x:1', patiently)
    const open = await asked
    server.close()
    await expect(opening).rejects.toMatchObject({ code: 'closed' })
    expect(open.accept().isOpen).toBe(false)
  })
})
