import { expect, test } from 'vitest'
import { readDescriptorLimit } from './descriptor-limit.ts'

const limits = (line: string) => () =>
  `Limit                     Soft Limit           Hard Limit           Units\n${line}\n`

test('the soft limit is the one in force', () => {
  expect(readDescriptorLimit(limits('Max open files            1024                 524288               files'))).toBe(
    1024,
  )
})

test('no limit and no answer are told apart from a number', () => {
  expect(readDescriptorLimit(limits('Max open files            unlimited            unlimited            files'))).toBe(
    undefined,
  )
  expect(readDescriptorLimit(limits('Max processes             10                   10            processes'))).toBe(
    undefined,
  )
  expect(
    readDescriptorLimit(() => {
      throw new Error('ENOENT')
    }),
  ).toBe(undefined)
})
