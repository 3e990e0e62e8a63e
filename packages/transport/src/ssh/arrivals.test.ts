import { expect, test } from 'vitest'
import { OWNED_BYTES } from '../lease.ts'
import { Arrivals } from './arrivals.ts'

const told = (arrivals: Arrivals, log: string[]) => {
  arrivals.onData = (bytes) => log.push(bytes.toString())
  arrivals.onEof = () => log.push('eof')
  arrivals.onClose = () => log.push('close')
}
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('what comes before the callbacks is told in order right after they are set', async () => {
  const arrivals = new Arrivals()
  arrivals.data(Buffer.from('a'), OWNED_BYTES)
  arrivals.data(Buffer.from('b'), OWNED_BYTES)
  arrivals.eof()
  arrivals.close()
  const log: string[] = []
  told(arrivals, log)
  expect(log).toEqual([])
  await nextTurn()
  expect(log).toEqual(['ab', 'eof', 'close'])
})

test('what comes between setting the callbacks and their first call stays in order', async () => {
  const arrivals = new Arrivals()
  const log: string[] = []
  arrivals.data(Buffer.from('a'), OWNED_BYTES)
  told(arrivals, log)
  arrivals.data(Buffer.from('b'), OWNED_BYTES)
  arrivals.close()
  await nextTurn()
  expect(log).toEqual(['ab', 'close'])
})

test('later bytes go straight through', () => {
  const arrivals = new Arrivals()
  const log: string[] = []
  told(arrivals, log)
  arrivals.data(Buffer.from('x'), OWNED_BYTES)
  arrivals.eof()
  arrivals.close()
  expect(log).toEqual(['x', 'eof', 'close'])
})

test('bytes and close wait together for an owner that sets nothing yet', async () => {
  const arrivals = new Arrivals()
  arrivals.data(Buffer.from('late reader'), OWNED_BYTES)
  arrivals.close()
  await nextTurn()
  const log: string[] = []
  told(arrivals, log)
  await nextTurn()
  expect(log).toEqual(['late reader', 'close'])
})

test('an owner that wants only the close hears of it, whatever bytes came', () => {
  const arrivals = new Arrivals()
  const log: string[] = []
  arrivals.onClose = () => log.push('close')
  arrivals.data(Buffer.from('unwanted'), OWNED_BYTES)
  arrivals.close()
  expect(log).toEqual(['close'])
})

test('the close is told once, and nothing after it', async () => {
  const arrivals = new Arrivals()
  const log: string[] = []
  told(arrivals, log)
  arrivals.close()
  told(arrivals, log)
  await nextTurn()
  expect(log).toEqual(['close'])
})

test('dropped bytes are not told', async () => {
  const arrivals = new Arrivals()
  const log: string[] = []
  arrivals.data(Buffer.from('a'), OWNED_BYTES)
  arrivals.drop()
  told(arrivals, log)
  arrivals.close()
  await nextTurn()
  expect(log).toEqual(['close'])
})
