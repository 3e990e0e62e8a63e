import { expect, test } from 'vitest'
import { atReadEnd, dealWithRead } from './read-end.ts'

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve))

test('what is due at the end of a read happens after all of it and before anything else', () => {
  const seen: string[] = []
  dealWithRead(
    (one, other) => {
      atReadEnd(() => seen.push('write'))
      seen.push(one)
      atReadEnd(() => seen.push('flush'))
      seen.push(other)
    },
    'first packet',
    'second packet',
  )
  expect(seen).toEqual(['first packet', 'second packet', 'write', 'flush'])
})

test('where nothing is read it happens after what is running now', async () => {
  const seen: string[] = []
  atReadEnd(() => seen.push('write'))
  seen.push('running')
  await nextTick()
  expect(seen).toEqual(['running', 'write'])
})

test('what the end of a read makes due does not wait for another read', async () => {
  const seen: string[] = []
  dealWithRead(() => atReadEnd(() => atReadEnd(() => seen.push('later'))), 0, 0)
  expect(seen).toEqual([])
  await nextTick()
  expect(seen).toEqual(['later'])
})

test('a read or a task that fails does not take the others with it', async () => {
  const seen: string[] = []
  const fail = () => {
    throw new Error('broken')
  }
  const read = () => {
    atReadEnd(fail)
    atReadEnd(() => seen.push('others'))
    throw new Error('unreadable')
  }
  expect(() => dealWithRead(read, 0, 0)).toThrow('broken')
  await nextTick()
  expect(seen).toEqual(['others'])
  dealWithRead(() => atReadEnd(() => seen.push('next read')), 0, 0)
  expect(seen).toEqual(['others', 'next read'])
})
