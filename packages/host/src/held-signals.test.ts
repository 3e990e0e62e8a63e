import { EventEmitter } from 'node:events'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { holdSignals, runUntilSignal } from './index.ts'

class FakeProcess extends EventEmitter {
  readonly platform = 'linux'
  readonly exits: number[] = []
  exit(code: number): void {
    this.exits.push(code)
  }
}

function start(process: FakeProcess, held: ReturnType<typeof holdSignals>) {
  const clock = createFakeClock()
  const events: string[] = []
  runUntilSignal({
    log: createMemoryLogger(),
    clock,
    process,
    held,
    close: async (reason) => void events.push(`closed by ${reason}`),
    onReload: () => void events.push('reloaded'),
  })
  return { clock, events }
}

test('a SIGTERM that came before the program could listen ends it as one that comes now', async () => {
  const process = new FakeProcess()
  const held = holdSignals(process)
  process.emit('SIGTERM')
  process.emit('SIGTERM')
  const { clock, events } = start(process, held)
  await clock.advance(0)
  expect(events).toEqual(['closed by SIGTERM'])
  expect(process.exits).toEqual([0])
})

test('an early SIGHUP reloads and ends nothing', async () => {
  const process = new FakeProcess()
  const held = holdSignals(process)
  process.emit('SIGHUP')
  const { clock, events } = start(process, held)
  await clock.advance(0)
  expect(events).toEqual(['reloaded'])
  expect(process.exits).toEqual([])
})

test('what was released is not held any longer', () => {
  const process = new FakeProcess()
  const held = holdSignals(process)
  process.emit('SIGINT')
  expect(held.release()).toEqual(['SIGINT'])
  expect(held.release()).toEqual([])
  expect(process.listenerCount('SIGINT') + process.listenerCount('SIGHUP') + process.listenerCount('SIGTERM')).toBe(0)
})
