import { EventEmitter } from 'node:events'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { type ProcessEvents, runUntilSignal, type ShutdownOptions } from './shutdown.ts'

class FakeProcess extends EventEmitter implements ProcessEvents {
  readonly platform: string
  readonly exits: number[] = []

  constructor(platform = 'linux') {
    super()
    this.platform = platform
  }

  exit(code: number): void {
    this.exits.push(code)
  }
}

function run(options: Partial<ShutdownOptions> & { platform?: string } = {}) {
  const process = new FakeProcess(options.platform)
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const closed: string[] = []
  const close = async (reason: string) => void closed.push(reason)
  const life = runUntilSignal({ close, log, clock, process, ...options })
  const settle = () => clock.advance(0)
  return { process, clock, log, closed, life, settle }
}

test.each(['SIGTERM', 'SIGINT'])('%s closes the program and exits with 0', async (signal) => {
  const { process, closed, settle, clock } = run()
  process.emit(signal)
  await settle()
  expect(closed).toEqual([signal])
  expect(process.exits).toEqual([0])
  expect(clock.pending).toBe(0)
})

test('a close that hangs is given up after the deadline', async () => {
  const { process, clock, log } = run({ close: () => new Promise(() => undefined) })
  process.emit('SIGTERM')
  await clock.advance(9999)
  expect(process.exits).toEqual([])
  await clock.advance(1)
  expect(process.exits).toEqual([0])
  expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { deadlineMs: 10_000 } })
})

test('a second signal ends the program at once', async () => {
  const { process, clock } = run({ close: () => new Promise(() => undefined) })
  process.emit('SIGTERM')
  await clock.advance(500)
  process.emit('SIGINT')
  expect(process.exits).toEqual([1])
})

test('a Ctrl-C that arrives twice, from the terminal and from npm, counts once', async () => {
  const { process, settle } = run()
  process.emit('SIGINT')
  process.emit('SIGINT')
  await settle()
  expect(process.exits).toEqual([0])
})

test('a close that fails is logged and seen in the exit code', async () => {
  const { process, log, settle } = run({ close: () => Promise.reject(new Error('port stuck')) })
  process.emit('SIGTERM')
  await settle()
  expect(process.exits).toEqual([1])
  expect(log.text()).toContain('port stuck')
})

test('SIGHUP reloads, and a reload that fails ends nothing', async () => {
  let reloads = 0
  const onReload = async () => {
    reloads += 1
    if (reloads === 2) throw new Error('bad file')
  }
  const { process, log, closed, settle } = run({ onReload })
  process.emit('SIGHUP')
  process.emit('SIGHUP')
  await settle()
  expect(reloads).toBe(2)
  expect(log.text()).toContain('bad file')
  expect([closed, process.exits]).toEqual([[], []])
})

test('SIGPIPE, SIGUSR1 and SIGUSR2 end nothing', async () => {
  const { process, closed, settle } = run()
  for (const signal of ['SIGPIPE', 'SIGUSR1', 'SIGUSR2']) expect(process.emit(signal)).toBe(true)
  await settle()
  expect([closed, process.exits]).toEqual([[], []])
})

test('on Windows a closed console window ends the program', async () => {
  const { process, closed, settle } = run({ platform: 'win32' })
  process.emit('SIGHUP')
  await settle()
  expect(closed).toEqual(['SIGHUP'])
  expect(process.listenerCount('SIGUSR2')).toBe(0)
})

test.each(['uncaughtException', 'unhandledRejection'])(
  '%s is logged with its stack, closes and exits with 1',
  async (event) => {
    const { process, log, closed, settle } = run()
    process.emit(event, new Error('nobody caught me'))
    await settle()
    expect(log.lines).toMatchObject([{ level: 'error' }])
    expect(log.text()).toContain('shutdown.test.ts')
    expect(closed).toEqual(['fault'])
    expect(process.exits).toEqual([1])
  },
)

test('faults while closing do not close again, and a flood of them does not fill the log', async () => {
  const { process, log, closed, settle } = run()
  for (let fault = 0; fault < 100; fault += 1) process.emit('uncaughtException', new Error('again'))
  await settle()
  expect(closed).toEqual(['fault'])
  expect(log.lines.length).toBeLessThan(30)
})

test('the program can end itself, once', async () => {
  const { process, closed, life, settle } = run()
  life.stop('retries exhausted', 0)
  life.stop('again', 1)
  await settle()
  expect(closed).toEqual(['retries exhausted'])
  expect(process.exits).toEqual([0])
})
