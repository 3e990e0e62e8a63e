import { expect, test } from 'vitest'
import { createSerial } from './serial.ts'

test('work of one key runs in order, one at a time; other keys do not wait', async () => {
  const serial = createSerial()
  const events: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = serial('a', async () => {
    events.push('first begins')
    await gate.promise
    events.push('first ends')
  })
  const second = serial('a', async () => void events.push('second'))
  await serial('b', async () => void events.push('other'))
  gate.resolve()
  await Promise.all([first, second])
  expect(events).toEqual(['first begins', 'other', 'first ends', 'second'])
})

test('a failure is its own: the next one runs', async () => {
  const serial = createSerial()
  const failing = serial('a', () => Promise.reject(new Error('no')))
  const next = serial('a', async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})

test('too many that wait are refused, unless the work must be done', async () => {
  const serial = createSerial()
  const gate = Promise.withResolvers<void>()
  const limit = { maxWaiting: 2 }
  const waiting = [serial('a', () => gate.promise, limit), serial('a', () => gate.promise, limit)]
  await expect(serial('a', async () => undefined, limit)).rejects.toThrow('2 wait for a')
  const must = serial('a', async () => 'done')
  gate.resolve()
  await Promise.all(waiting)
  expect(await must).toBe('done')
  expect(await serial('a', async () => 'again', limit)).toBe('again')
})
