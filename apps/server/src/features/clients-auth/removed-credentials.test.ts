import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import { createConnections } from '../../agents/connections.ts'
import { createFakeAgent } from '../../testing/fake-agent.ts'
import { createRemovedCredentials } from './removed-credentials.ts'

function setUp(recheckMs: number | undefined) {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const connections = createConnections()
  const there = new Set(['a', 'b'])
  const state = { fails: false, asked: [] as string[][] }
  const removed = createRemovedCredentials({
    directory: {
      recheckMs,
      async existing(ids) {
        state.asked.push([...ids])
        if (state.fails) throw new Error('no answer')
        return new Set(ids.filter((id) => there.has(id)))
      },
    },
    connections,
    clock,
    log,
  })
  const join = (clientId: string, user: string) => {
    const { connection } = createFakeAgent({ user })
    connections.set(clientId, connection)
    return connection
  }
  return { clock, log, there, state, removed, join }
}

describe('a credential that somebody removed', () => {
  test('ends its connections at the next look, and no others', async () => {
    const { clock, there, removed, join } = setUp(60_000)
    const [first, second, other] = [join('c1', 'a'), join('c2', 'a'), join('c3', 'b')]
    removed.start()
    await clock.advance(60_000)
    expect([first.isClosed, second.isClosed, other.isClosed]).toEqual([false, false, false])
    there.delete('a')
    await clock.advance(60_000)
    expect([first.isClosed, second.isClosed, other.isClosed]).toEqual([true, true, false])
    removed.stop()
  })

  test('cannot be told from a store that does not answer: everybody stays', async () => {
    const { clock, state, removed, join, there } = setUp(60_000)
    const connection = join('c1', 'a')
    there.delete('a')
    state.fails = true
    removed.start()
    await clock.advance(60_000)
    expect([connection.isClosed, state.asked.length]).toEqual([false, 1])
    state.fails = false
    await clock.advance(60_000)
    expect(connection.isClosed).toBe(true)
  })

  test('is none for an agent that came without', async () => {
    const { removed, join, state } = setUp(undefined)
    const connection = join('c1', '')
    await removed.look()
    expect([connection.isClosed, state.asked]).toEqual([false, []])
  })

  test('is looked for only where somebody else can remove one, and not after the end', async () => {
    const own = setUp(undefined)
    own.join('c1', 'a')
    own.removed.start()
    await own.clock.advance(600_000)
    expect(own.state.asked).toEqual([])
    const file = setUp(1000)
    file.join('c1', 'a')
    file.removed.start()
    await file.clock.advance(3000)
    const looks = file.state.asked.length
    file.removed.stop()
    await file.clock.advance(3000)
    expect(looks).toBeGreaterThan(0)
    expect(file.state.asked).toHaveLength(looks)
  })
})
