import type { Clock } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { TransportError } from '@rport/transport'
import { expect, test } from 'vitest'
import { type Carrier, createLine, type Line, type LineHandlers, type Message } from './line.ts'
import { createCarrierPair } from './testing/carrier-pair.ts'

interface Says {
  asks: { double: [number, number]; bytes: [Buffer, Buffer]; wait: [null, null] }
  tells: { note: string }
}
interface Listens {
  asks: object
  tells: object
}

const silent = {
  double: (value: number) => value * 2,
  bytes: (value: Buffer) => value,
  wait: () => new Promise<null>(() => undefined),
  note: () => undefined,
}

function connect(
  handlers: Partial<LineHandlers<Says>>,
  change = (carrier: Carrier) => carrier,
  clock?: Clock,
): Line<Says, Listens> {
  const pair = createCarrierPair()
  createLine<Listens, Says>(pair.connector).serve({ ...silent, ...handlers })
  const line = createLine<Says, Listens>(change(pair.main), clock)
  line.serve({})
  return line
}

test('questions are answered, also when the first one takes longer', async () => {
  const { promise: first, resolve } = Promise.withResolvers<number>()
  const line = connect({ double: (value) => (value === 1 ? first : value * 2) })
  const slow = line.ask('double', 1)
  expect(await line.ask('double', 21)).toBe(42)
  resolve(2)
  expect(await slow).toBe(2)
})

test('bytes arrive as they were', async () => {
  const answer = await connect({}).ask('bytes', Buffer.from('äöü'))
  expect(Buffer.from(answer).toString()).toBe('äöü')
})

test('what is said in one turn travels as one message, in its order', async () => {
  const sizes: number[] = []
  const notes: string[] = []
  const line = connect({ note: (text) => void notes.push(text) }, (carrier) => ({
    ...carrier,
    send(messages: readonly Message[]) {
      sizes.push(messages.length)
      carrier.send(messages)
    },
  }))
  line.tell('note', 'a')
  line.tell('note', 'b')
  await line.ask('double', 1)
  expect(notes).toEqual(['a', 'b'])
  expect(sizes).toEqual([3])
})

test('what is only mentioned goes with what is said next, in its order', async () => {
  const notes: string[] = []
  const clock = createFakeClock()
  const line = connect({ note: (text) => void notes.push(text) }, undefined, clock)
  line.mention('note', 'a')
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(notes).toEqual([])
  line.tell('note', 'b')
  await line.ask('double', 1)
  expect(notes).toEqual(['a', 'b'])
  expect(clock.pending).toBe(0)
})

test('what is only mentioned goes a moment later when nothing is said', async () => {
  const clock = createFakeClock()
  const { promise: heard, resolve } = Promise.withResolvers<string>()
  const line = connect({ note: resolve }, undefined, clock)
  line.mention('note', 'a')
  await clock.advance(20)
  expect(await heard).toBe('a')
})

test('an error arrives with its text and the code of the system', async () => {
  const line = connect({
    double() {
      throw Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })
    },
  })
  await expect(line.ask('double', 1)).rejects.toMatchObject({ message: 'listen EADDRINUSE', code: 'EADDRINUSE' })
})

test('an error of the transport arrives as one', async () => {
  const line = connect({ double: () => Promise.reject(new TransportError('timed-out', 'no answer')) })
  const error = await line.ask('double', 1).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TransportError)
  expect(error).toMatchObject({ code: 'timed-out', message: 'no answer' })
})

test('a question that is given up fails at once, and whoever works on it hears of that', async () => {
  const heard = Promise.withResolvers<AbortSignal>()
  const line = connect({
    wait(_ask, signal) {
      heard.resolve(signal)
      return new Promise(() => undefined)
    },
  })
  const giveUp = new AbortController()
  const asked = line.ask('wait', null, giveUp.signal)
  const signal = await heard.promise
  giveUp.abort(new Error('the caller left'))
  await expect(asked).rejects.toThrow('the caller left')
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  expect(signal.aborted).toBe(true)
})

test('a question with a signal that has aborted is not asked', async () => {
  const asked: number[] = []
  const line = connect({ double: (value) => asked.push(value) })
  await expect(line.ask('double', 7, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
  await line.ask('double', 8)
  expect(asked).toEqual([8])
})

test('the end of the line fails what is open and what comes after it', async () => {
  const line = connect({})
  const open = line.ask('wait', null)
  line.end('the other process has ended')
  await expect(open).rejects.toMatchObject({ code: 'closed', message: 'the other process has ended' })
  await expect(line.ask('double', 1)).rejects.toMatchObject({ code: 'closed' })
  expect(line.isOver).toBe(true)
  line.tell('note', 'to nobody')
})
