import { MS_PER_HOUR, MS_PER_MINUTE } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { createKeepAlive, TransportError } from '@rport/transport'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createServerLink, type ServerLinkDeps } from './server-link.ts'
import { createTestServers, UNKNOWN_MACHINE } from './testing/test-servers.ts'

const MAIN = 'ws://main:80'
const SECOND = 'ws://second:80'
const THIRD = 'ws://third:80'

/** An agent's link with servers in memory and a clock that stands still. */
function setUp(more: Partial<ServerLinkDeps> = {}) {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const { servers, dial } = createTestServers([MAIN, SECOND, THIRD], clock)
  const keepAlive = createKeepAlive({ clock, log })
  const reports: string[] = []
  let upset: () => void = () => undefined
  const link = createServerLink({
    servers: [MAIN],
    dial,
    registration: {
      clientId: async () => 'machine',
      name: undefined,
      useHostname: true,
      sessionId: 'session',
      remotes: [],
      clientConfiguration: {},
      attributes: { current: () => ({ tags: [], labels: null }) },
      inventory: async () => UNKNOWN_MACHINE,
    },
    handlers: {
      checkTunnelAllowed: () => true,
      checkPort: () => ({ open: true, error: '' }),
      updateClientMetadata: () => undefined,
    },
    onChannel: (open) => open.reject('unknown-type', ''),
    keepAlive,
    keepAliveMs: 180_000,
    keepAliveTimeoutMs: 30_000,
    switchbackIntervalMs: 120_000,
    hasCredentials: true,
    machine: {
      start: (onUpset) => {
        upset = onUpset
        return { stop: () => undefined }
      },
    },
    report: {
      connected: (server) => void reports.push(`connected ${server}`),
      alive: () => undefined,
      retrying: (waitMs) => void reports.push(`retrying ${waitMs}`),
    },
    maxRetryCount: -1,
    maxRetryIntervalMs: 5 * MS_PER_MINUTE,
    clock,
    log,
    random: () => 0.5,
    ...more,
  })
  const stopping = new AbortController()
  const running = link.run(stopping.signal)
  onTestFinished(async () => {
    stopping.abort()
    await running
    keepAlive.close()
  })
  /** Lets everything that needs no time happen, then looks. */
  const until = async (what: () => boolean) => {
    for (let turn = 0; turn < 2000 && !what(); turn += 1) {
      await clock.advance(0)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(what(), what.toString()).toBe(true)
  }
  /** Lets time pass second by second, so that what is sent meanwhile arrives in its time. */
  const pass = async (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 1000) {
      await clock.advance(1000)
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const isOn = (server: keyof typeof servers) => () =>
    servers[server].registered.length === 1 &&
    reports.findLast((line) => line.startsWith('connected')) === `connected ${server}`
  return { clock, log, servers, link, reports, running, stopping, until, pass, isOn, upset: () => upset() }
}

describe('an agent with fallback servers', () => {
  const three = { servers: [MAIN, SECOND, THIRD] } as const

  test('prefers the main server', async () => {
    const { until, isOn, servers } = setUp(three)
    await until(isOn(MAIN))
    expect(servers[SECOND].dialCount).toBe(0)
  })

  test('takes the first that answers, in order and without a pause', async () => {
    const { until, isOn, servers, reports } = setUp(three)
    servers[MAIN].mode = 'down'
    servers[SECOND].refusal = 'no room here'
    await until(isOn(THIRD))
    expect(reports).toEqual([`connected ${THIRD}`])
    await until(() => servers[SECOND].links[0]?.queuedBytes === 0)
    expect(servers[SECOND].registered).toEqual([])
  })

  test('waits once when all of them failed; the last error counts', async () => {
    const { clock, until, servers, reports } = setUp(three)
    for (const server of Object.values(servers)) server.mode = 'down'
    servers[THIRD].mode = new TransportError('upgrade-refused', '503', { retryAfterMs: 60_000 })
    await until(() => reports.length === 1)
    expect(reports).toEqual(['retrying 66000'])
    expect(Object.values(servers).map(({ dialCount }) => dialCount)).toEqual([1, 1, 1])
    await clock.advance(66_000)
    expect(servers[MAIN].dialCount).toBe(2)
  })

  test('returns to the main server by a second connection, then ends the first', async () => {
    const { pass, until, isOn, servers, reports } = setUp(three)
    servers[MAIN].mode = 'down'
    await until(isOn(SECOND))
    await pass(120_000)
    await until(() => servers[MAIN].dialCount === 2)
    expect(servers[SECOND].registered).toHaveLength(1)
    servers[MAIN].mode = 'up'
    let wasHeld = false
    servers[MAIN].onRegister = () => {
      wasHeld = servers[SECOND].registered.length === 1
    }
    await pass(120_000)
    await until(isOn(MAIN))
    await until(() => servers[SECOND].registered.length === 0)
    expect(wasHeld).toBe(true)
    expect(reports.filter((line) => line.startsWith('retrying'))).toEqual([])
    await pass(600_000)
    expect(servers[MAIN].dialCount).toBe(3)
  })

  test('stays on the fallback while the main server refuses it', async () => {
    const { pass, until, isOn, servers, reports } = setUp(three)
    servers[MAIN].mode = 'down'
    await until(isOn(SECOND))
    servers[MAIN].mode = 'up'
    servers[MAIN].refusal = 'not you'
    await pass(120_000)
    await until(() => servers[MAIN].links.length === 1)
    await until(() => servers[MAIN].links[0]?.queuedBytes === 0)
    await pass(130_000)
    await until(() => servers[MAIN].links.length === 2)
    expect(servers[SECOND].registered).toHaveLength(1)
    expect(reports).not.toContain(`connected ${MAIN}`)
  })

  test('returns although a server that both ways lead to ends the older connection first', async () => {
    const { pass, until, isOn, servers, reports } = setUp(three)
    servers[MAIN].mode = 'down'
    await until(isOn(SECOND))
    servers[MAIN].mode = 'up'
    servers[MAIN].onRegister = () => servers[SECOND].registered[0]?.close('newer connection')
    await pass(120_000)
    await until(isOn(MAIN))
    expect(reports).toEqual([`connected ${SECOND}`, `connected ${MAIN}`])
  })

  test('gives its place up when one server of the original is at the end of both ways', async () => {
    const { pass, until, isOn, servers } = setUp(three)
    servers[MAIN].mode = 'down'
    await until(isOn(SECOND))
    servers[MAIN].mode = 'up'
    servers[MAIN].refusal = 'client is already connected: machine'
    await pass(120_000)
    await until(() => servers[SECOND].registered.length === 0)
    servers[MAIN].refusal = undefined
    await pass(2000)
    await until(isOn(MAIN))
  })
})

describe('an agent that lost its server', () => {
  test('tries again within two seconds, twice more within three, then ever more rarely up to max_retry_interval', async () => {
    const { clock, until, pass, isOn, servers, reports } = setUp({ maxRetryIntervalMs: 60_000 })
    await until(isOn(MAIN))
    await pass(20_000)
    servers[MAIN].mode = 'down'
    servers[MAIN].links[0]?.cut()
    await until(() => reports.some((line) => line === 'retrying 1000'))
    await clock.advance(MS_PER_HOUR)
    const waits = reports.flatMap((line) => /^retrying (\d+)/.exec(line)?.[1] ?? []).map(Number)
    expect(waits.slice(0, 6)).toEqual([1000, 2000, 2000, 7500, 12_500, 22_500])
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000)
  })

  test('for a whole day neither grows nor hurries, and is back when the server is', async () => {
    const { clock, until, pass, isOn, servers } = setUp({ servers: [MAIN, SECOND] })
    servers[MAIN].mode = 'down'
    servers[SECOND].mode = 'down'
    await clock.advance(MS_PER_HOUR)
    const timers = clock.pending
    const hourly: number[] = []
    for (let hour = 0; hour < 24; hour += 1) {
      const before = servers[MAIN].dialCount
      await clock.advance(MS_PER_HOUR)
      hourly.push(servers[MAIN].dialCount - before)
      expect(clock.pending).toBe(timers)
    }
    expect(Math.max(...hourly)).toBeLessThanOrEqual(25)
    expect(Math.min(...hourly)).toBeGreaterThanOrEqual(MS_PER_HOUR / (5 * MS_PER_MINUTE))
    servers[MAIN].mode = 'up'
    await pass(5 * MS_PER_MINUTE)
    await until(isOn(MAIN))
  })

  test('stays away as long as the server asked, but never longer than 15 minutes and a fifth', async () => {
    const { clock, until, servers, reports, link, upset } = setUp()
    servers[MAIN].mode = new TransportError('upgrade-refused', '503', { retryAfterMs: 24 * MS_PER_HOUR })
    await until(() => reports.length === 1)
    expect(reports).toEqual([`retrying ${15 * MS_PER_MINUTE * 1.1}`])
    link.retryNow()
    upset()
    await clock.advance(15 * MS_PER_MINUTE)
    expect(servers[MAIN].dialCount).toBe(1)
    await clock.advance(2 * MS_PER_MINUTE)
    expect(servers[MAIN].dialCount).toBe(2)
  })

  test('tries at once when the machine wakes up or somebody asks', async () => {
    const { clock, until, servers, reports, link, upset } = setUp()
    servers[MAIN].mode = 'down'
    await clock.advance(MS_PER_HOUR)
    const before = servers[MAIN].dialCount
    upset()
    await until(() => servers[MAIN].dialCount === before + 1)
    await until(() => reports.at(-1)?.startsWith('retrying') === true)
    link.retryNow()
    await until(() => servers[MAIN].dialCount === before + 2)
  })

  test('ends when the retries are used up', async () => {
    const { clock, servers, running } = setUp({ maxRetryCount: 2 })
    servers[MAIN].mode = 'down'
    await clock.advance(MS_PER_MINUTE)
    expect(await running).toBe('gave-up')
    expect(servers[MAIN].dialCount).toBe(3)
  })

  test('ends a wait when the program ends', async () => {
    const { until, servers, reports, running, stopping, clock } = setUp()
    servers[MAIN].mode = 'down'
    await until(() => reports.length === 1)
    stopping.abort()
    expect(await running).toBe('stopped')
    expect(clock.pending).toBe(0)
  })
})

describe('an agent whose machine slept', () => {
  test('keeps a link that still answers', async () => {
    const { until, pass, isOn, servers, upset } = setUp()
    await until(isOn(MAIN))
    upset()
    await pass(20_000)
    expect(servers[MAIN].dialCount).toBe(1)
    expect(servers[MAIN].registered).toHaveLength(1)
  })

  test('gives a link up that does not, five seconds later, and makes a new one', async () => {
    const { clock, until, isOn, servers, upset } = setUp()
    await until(isOn(MAIN))
    servers[MAIN].links[0]?.blackHole()
    upset()
    await clock.advance(5000)
    await clock.advance(2000)
    await until(() => servers[MAIN].dialCount === 2)
  })
})
