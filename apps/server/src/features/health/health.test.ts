import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createHealth, type HealthDeps } from './index.ts'

function open(checks: HealthDeps['checks']) {
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const health = createHealth({ checks, clock, log })
  const ask = (path: string) => health.pages.find((page) => page.path === path)?.answer()
  return { health, clock, log, ask }
}

test('a process that lives says so, whatever else fails', async () => {
  const { ask } = open({ database: () => Promise.reject(new Error('gone')) })
  expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
})

test('a server whose parts work is ready', async () => {
  const { ask } = open({ database: async () => undefined })
  expect(await ask('/readyz')).toMatchObject({ status: 200, text: 'ready\n' })
})

test('what does not work is named to callers, and its reason told to the log once', async () => {
  let isBroken = true
  const { ask, clock, log } = open({
    database: () => (isBroken ? Promise.reject(new Error('disk I/O error at /secret/path')) : Promise.resolve()),
    'listener for agents': async () => undefined,
  })
  expect(await ask('/readyz')).toMatchObject({ status: 503, text: 'not ready: database\n' })
  await clock.advance(1500)
  await ask('/readyz')
  expect(log.lines.filter(({ message }) => message === 'not ready')).toHaveLength(1)
  isBroken = false
  await clock.advance(1500)
  expect(await ask('/readyz')).toMatchObject({ status: 200 })
  expect(log.lines.map(({ message }) => message)).toEqual(['not ready', 'ready again'])
})

test('a check that never answers has failed after two seconds', async () => {
  const { ask, clock } = open({ database: () => new Promise(() => undefined) })
  const answer = ask('/readyz')
  await clock.advance(2000)
  expect(await answer).toMatchObject({ status: 503, text: 'not ready: database\n' })
})

test('however often somebody asks, the checks run once a second', async () => {
  let runs = 0
  const { ask, clock } = open({
    database: async () => {
      runs += 1
    },
  })
  await Promise.all(Array.from({ length: 50 }, () => ask('/readyz')))
  expect(runs).toBe(1)
  await clock.advance(1000)
  await ask('/readyz')
  expect(runs).toBe(2)
})

test('a server that is about to end is not ready', async () => {
  const { ask, health } = open({})
  health.drain()
  expect(await ask('/readyz')).toMatchObject({ status: 503, text: 'not ready: stopping\n' })
})
