import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { type ConnectorProcess, createConnectorSeat } from './connector-seat.ts'
import { createLine, type LineHandlers } from './line.ts'
import type { ConnectorSays, ConnectorSettings, MainSays } from './messages.ts'
import { createCarrierPair } from './testing/carrier-pair.ts'

const SETTINGS: ConnectorSettings = {
  number: 1,
  keySeed: 'the-seed',
  logLevel: 'info',
  limits: { maxConcurrentHandshakes: 1, maxRequestBytes: 4096, trustedProxies: [] },
  plainDoor: '/nowhere',
}
const AT = { host: '127.0.0.1', port: 8080 }

interface FakeProcess extends ConnectorProcess {
  readonly signals: readonly string[]
  exit(how: string): void
}

/** A process that answers as told; it ends when it is killed, or when the line is cut unless it is stubborn. */
function startFake(handlers: Partial<LineHandlers<MainSays>>, isStubborn: boolean): FakeProcess {
  const carriers = createCarrierPair()
  const { promise: exited, resolve: exit } = Promise.withResolvers<string>()
  const signals: string[] = []
  const nothing = () => undefined
  createLine<ConnectorSays, MainSays>(carriers.connector).serve({
    ready: () => null,
    figures: () => ({ pendingHandshakes: 2, bytes: new Float64Array() }),
    listenForAgents: (at) => at,
    close: () => null,
    request: () => ({ ok: true, payload: Buffer.alloc(0) }),
    listen: () => null,
    changeAcl: () => null,
    countVisitors: () => 0,
    unlisten: () => null,
    ...{ stopListening: nothing, drop: nothing, serve: nothing, notify: nothing },
    ...{ probe: nothing, features: nothing, watch: nothing, end: nothing },
    ...handlers,
  })
  return {
    ...carriers.main,
    begin: nothing,
    pid: 4711,
    exited,
    signals,
    exit,
    disconnect() {
      signals.push('disconnect')
      if (!isStubborn) exit('exit code 0')
    },
    kill() {
      signals.push('kill')
      exit('SIGKILL')
    },
  }
}

function createSeat(handlers: Partial<LineHandlers<MainSays>> = {}, isStubborn = false) {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const processes: FakeProcess[] = []
  const seat = createConnectorSeat({
    number: 1,
    fork() {
      const started = startFake(handlers, isStubborn)
      processes.push(started)
      return started
    },
    lockout: { isBanned: () => false },
    newcomers: { admit: () => undefined, arrivedFrom: () => undefined },
    clientsAt: () => 0,
    login: async () => true,
    onRefused: () => undefined,
    onArrived: () => undefined,
    clock,
    log,
  })
  const start = async () => {
    await seat.load(SETTINGS)
    await seat.listen(AT)
  }
  /** What the line carries takes turns of the loop that no clock knows. */
  const when = async (look: () => boolean) => {
    while (!look()) await new Promise((resolve) => setImmediate(resolve))
  }
  return { seat, clock, log, processes, start, when }
}

test('a connector listens when it has been told to', async () => {
  const { seat, start } = createSeat()
  await seat.load(SETTINGS)
  expect(seat.isListening).toBe(false)
  await start()
  expect(seat.isListening).toBe(true)
  seat.stopListening()
  expect(seat.isListening).toBe(false)
})

test('one that cannot listen is ended, and the start fails with its reason', async () => {
  const { seat, start, processes } = createSeat({ listenForAgents: () => Promise.reject(new Error('port is taken')) })
  await expect(start()).rejects.toThrow('port is taken')
  expect(processes[0]?.signals).toEqual(['kill'])
  expect(seat.isListening).toBe(false)
})

test('one that does not come to its senses within its time is ended', async () => {
  const { seat, clock, processes } = createSeat({ ready: () => new Promise(() => undefined) })
  const loading = expect(seat.load(SETTINGS)).rejects.toThrow('not within 30000 ms')
  await clock.advance(30_000)
  await loading
  expect(processes[0]?.signals).toEqual(['kill'])
})

test('one that dies is replaced, each time after a longer wait', async () => {
  const { seat, clock, log, processes, start, when } = createSeat()
  await start()
  for (const [died, waitMs] of [200, 400, 800].entries()) {
    processes[died]?.exit('SIGKILL')
    await when(() => !seat.isListening)
    await clock.advance(waitMs - 1)
    expect(processes).toHaveLength(died + 1)
    await clock.advance(1)
    expect(processes).toHaveLength(died + 2)
    await when(() => seat.isListening)
  }
  const deaths = log.lines.filter(({ level }) => level === 'error')
  expect(deaths[0]).toMatchObject({
    message: 'connector has died, its agents are disconnected',
    fields: { connector: 1, pid: 4711, how: 'SIGKILL' },
  })
  expect(log.text()).not.toContain('the-seed')
})

test('one that has lived for a minute is replaced at once, as after the first death', async () => {
  const { seat, clock, processes, start, when } = createSeat()
  await start()
  processes[0]?.exit('SIGSEGV')
  await when(() => !seat.isListening)
  await clock.advance(200)
  await when(() => seat.isListening)
  await clock.advance(60_000)
  processes[1]?.exit('SIGSEGV')
  await when(() => !seat.isListening)
  await clock.advance(200)
  expect(processes).toHaveLength(3)
})

test('at the end agents are closed first, then the process ends, and is not replaced', async () => {
  const { seat, clock, processes, start } = createSeat({
    close() {
      said.push('closed')
      return null
    },
  })
  const said: string[] = []
  await start()
  await seat.close()
  await seat.close()
  await clock.advance(60_000)
  expect(said).toEqual(['closed'])
  expect(processes.map(({ signals }) => signals)).toEqual([['disconnect']])
  expect(clock.pending).toBe(0)
})

test('one that does not end within its time is killed', async () => {
  const { seat, clock, processes, start, when } = createSeat({ close: () => new Promise(() => undefined) }, true)
  await start()
  const closing = seat.close()
  await clock.advance(3000)
  await when(() => processes[0]?.signals.includes('disconnect') === true)
  await clock.advance(1000)
  await closing
  expect(processes[0]?.signals).toEqual(['disconnect', 'kill'])
})

test('figures are asked for, and a connector that does not answer holds up nobody', async () => {
  const { seat, start } = createSeat()
  await seat.refresh()
  await start()
  await seat.refresh()
  expect(seat.pendingHandshakes).toBe(2)
  const busy = createSeat({ figures: () => new Promise(() => undefined) })
  await busy.start()
  const asked = busy.seat.refresh()
  await busy.clock.advance(1000)
  await asked
})

test('one that lives and does not answer is killed and replaced; one that answers late is not', async () => {
  let answer: (() => void) | undefined
  let isSilent = false
  const ready = () => (isSilent ? new Promise<null>((resolve) => (answer = () => resolve(null))) : null)
  const { seat, clock, log, processes, start, when } = createSeat({ ready })
  await start()
  isSilent = true
  await clock.advance(50_000)
  await when(() => answer !== undefined)
  answer?.()
  answer = undefined
  await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))))
  await clock.advance(50_000)
  expect(processes[0]?.signals).toEqual([])
  await clock.advance(20_000)
  expect(processes[0]?.signals).toEqual(['kill'])
  isSilent = false
  await when(() => !seat.isListening)
  await clock.advance(200)
  await when(() => seat.isListening)
  expect(processes).toHaveLength(2)
  expect(log.lines.map(({ message }) => message)).toContain('connector does not answer and is killed')
})

test('one that is about to be replaced is not, when the server ends', async () => {
  const { seat, clock, processes, start, when } = createSeat()
  await start()
  processes[0]?.exit('SIGKILL')
  await when(() => !seat.isListening)
  await seat.close()
  await clock.advance(60_000)
  expect(processes).toHaveLength(1)
})
