import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import { stateText } from './state-text.ts'
import { createWatchdog, type WatchdogDeps } from './watchdog.ts'

function setUp(more: Partial<WatchdogDeps> = {}) {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const log = createMemoryLogger()
  const states: string[] = []
  const messages: string[] = []
  const watchdog = createWatchdog({
    isEnabled: true,
    writeState: async (text) => {
      const { last_state, last_message } = JSON.parse(text)
      states.push(`${last_state}: ${last_message}`)
    },
    systemd: { send: async (message) => void messages.push(message) },
    keepAliveMs: 180_000,
    utcOffsetMinutes: () => 0,
    clock,
    log,
    ...more,
  })
  return { clock, log, states, messages, watchdog }
}

test('the life of a link is written in the words of the original', async () => {
  const { clock, states, messages, watchdog } = setUp()
  watchdog.start()
  await clock.advance(0)
  watchdog.connected('ws://main:80', 1234)
  await clock.advance(60_000)
  watchdog.alive('ws://main:80')
  await clock.advance(0)
  watchdog.retrying(1499.6)
  await watchdog.close()
  expect(states).toEqual([
    'initialized: ',
    'connected: Connected to ws://main:80 within 1.234s',
    'connected: ping to ws://main:80 succeeded',
    'reconnecting: Retrying in 1.5s...',
  ])
  expect(messages).toEqual(['READY=1', ...Array(4).fill('WATCHDOG=1')])
})

describe('the state', () => {
  test('is renewed while the agent waits for its server', async () => {
    const { clock, states, watchdog } = setUp()
    watchdog.start()
    watchdog.retrying(300_000)
    await clock.advance(180_000)
    expect(states).toHaveLength(5)
    await watchdog.close()
    expect(clock.pending).toBe(0)
  })

  test('of a link that no longer answers grows old', async () => {
    const { clock, states, watchdog } = setUp()
    watchdog.start()
    watchdog.connected('s', 1)
    await clock.advance(0)
    const before = states.length
    await clock.advance(3_600_000)
    expect(states).toHaveLength(before)
    await watchdog.close()
  })

  test('is not renewed by every ping', async () => {
    const { clock, states, watchdog } = setUp()
    watchdog.connected('s', 1)
    for (let second = 0; second < 120; second += 1) {
      await clock.advance(1000)
      watchdog.alive('s')
    }
    await clock.advance(0)
    expect(states).toHaveLength(3)
  })

  test('that cannot be written is said once, and once more after it worked', async () => {
    let isFull = true
    const { clock, log, watchdog } = setUp({
      writeState: async () => {
        if (isFull) throw new Error('no space left on device')
      },
    })
    const warnings = () => log.lines.filter(({ message }) => message === 'state.json not written').length
    for (const expected of [1, 1]) {
      watchdog.connected('s', 1)
      await clock.advance(0)
      expect(warnings()).toBe(expected)
    }
    isFull = false
    watchdog.connected('s', 1)
    await clock.advance(0)
    isFull = true
    watchdog.connected('s', 1)
    await clock.advance(0)
    expect(warnings()).toBe(2)
  })

  test('that changes while a slow disk writes is written once more, as it is then', async () => {
    const written: string[] = []
    const gate = Promise.withResolvers<void>()
    const { clock, watchdog } = setUp({
      writeState: async (text) => {
        written.push(JSON.parse(text).last_message)
        await gate.promise
      },
    })
    watchdog.retrying(1000)
    watchdog.retrying(2000)
    watchdog.retrying(3000)
    await clock.advance(0)
    gate.resolve()
    await watchdog.close()
    expect(written).toEqual(['Retrying in 1s...', 'Retrying in 3s...'])
  })
})

test('an agent that nobody watches tells systemd that it is ready, and nothing else', async () => {
  const { clock, states, messages, watchdog } = setUp({ isEnabled: false })
  watchdog.start()
  watchdog.connected('s', 1)
  watchdog.retrying(1)
  await clock.advance(600_000)
  expect(states).toEqual([])
  expect(messages).toEqual(['READY=1'])
  expect(clock.pending).toBe(0)
})

test.each([
  [0, '2026-01-01T00:00:00.5Z'],
  [60, '2026-01-01T01:00:00.5+01:00'],
  [-570, '2025-12-31T14:30:00.5-09:30'],
])('with local time %i minutes ahead of UTC the file has %s', (offset, lastUpdate) => {
  expect(stateText('connected', 'x', Date.UTC(2026, 0, 1) + 500, offset)).toBe(
    `{\n  "last_update": "${lastUpdate}",\n  "last_update_ts": 1767225600,\n  "last_state": "connected",\n  "last_message": "x"\n}`,
  )
})
