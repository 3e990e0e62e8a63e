import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { inTime, withDeadline } from './deadline.ts'
import { createFakeClock } from './testing/index.ts'

const TIMEOUT_MS = 30_000

class CallerGone extends Error {}

function start(work: (signal: AbortSignal) => Promise<string>) {
  const clock = createFakeClock()
  const caller = new AbortController()
  const answer = withDeadline(work, { timeoutMs: TIMEOUT_MS, gone: caller.signal, clock })
  answer.catch(() => undefined)
  return { clock, caller, answer }
}

const never = () => new Promise<string>(() => undefined)

describe('work with a deadline', () => {
  test('leaves nothing behind on the signal of the caller, whether it ends well or not', async () => {
    const done = start(() => Promise.resolve('done'))
    expect(await done.answer).toBe('done')
    expect(getEventListeners(done.caller.signal, 'abort')).toEqual([])
    const failed = start(() => Promise.reject(new Error('no')))
    await expect(failed.answer).rejects.toThrow('no')
    expect(getEventListeners(failed.caller.signal, 'abort')).toEqual([])
  })

  test('that listens to nobody is answered at the deadline', async () => {
    const story = start(never)
    await story.clock.advance(TIMEOUT_MS)
    await expect(story.answer).rejects.toThrow('it took longer than 30s')
  })

  test('hears of the deadline by its signal', async () => {
    let heard: AbortSignal | undefined
    const story = start((signal) => {
      heard = signal
      return never()
    })
    await story.clock.advance(TIMEOUT_MS - 1)
    expect(heard?.aborted).toBe(false)
    await story.clock.advance(1)
    expect(heard?.reason).toMatchObject({ message: 'it took longer than 30s' })
  })

  test('hears that its caller is gone, with the reason', async () => {
    let heard: AbortSignal | undefined
    const story = start((signal) => {
      heard = signal
      return never()
    })
    story.caller.abort(new CallerGone())
    await expect(story.answer).rejects.toBeInstanceOf(CallerGone)
    expect(heard?.reason).toBeInstanceOf(CallerGone)
  })

  test('is not begun for a caller that is gone already', async () => {
    const caller = new AbortController()
    caller.abort(new CallerGone())
    let begun = false
    const work = () => {
      begun = true
      return 'done'
    }
    const deal = { timeoutMs: TIMEOUT_MS, gone: caller.signal, clock: createFakeClock() }
    await expect(withDeadline(work, deal)).rejects.toBeInstanceOf(CallerGone)
    expect(begun).toBe(false)
  })
})

describe('work that runs already', () => {
  test('is waited for until the deadline, and then there is the error that the caller wants', async () => {
    const clock = createFakeClock()
    const answer = inTime(never(), { timeoutMs: TIMEOUT_MS, clock, late: () => new RangeError('too late') })
    const seen = expect(answer).rejects.toThrow(new RangeError('too late'))
    await clock.advance(TIMEOUT_MS)
    await seen
  })

  test('leaves no timer behind, whether it ends well or not', async () => {
    const clock = createFakeClock()
    expect(await inTime(Promise.resolve('done'), { timeoutMs: TIMEOUT_MS, clock })).toBe('done')
    await expect(inTime(Promise.reject(new Error('no')), { timeoutMs: TIMEOUT_MS, clock })).rejects.toThrow('no')
    expect(clock.pending).toBe(0)
  })
})
