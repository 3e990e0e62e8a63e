import { getEventListeners } from 'node:events'
import { createFakeClock } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import { CallerGone } from './caller-gone.ts'
import { withDeadline } from './deadline.ts'

const TIMEOUT_MS = 30_000

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
    await expect(story.answer).rejects.toMatchObject({ key: 'request_timeout' })
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
