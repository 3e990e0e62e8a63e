import { expect, test } from 'vitest'
import { checkRoot } from './root-check.ts'

test('root is refused with the texts that tools look for, and the fix', () => {
  const check = (program: 'rportd' | 'rport') => () => checkRoot({ program, allowRoot: false, effectiveUid: 0 })
  expect(check('rportd')).toThrow(/^By default running as root is not allowed\. Start rportd as .*--allow-root/)
  expect(check('rport')).toThrow(/^by default running as root is not allowed\. Start rport as .*--allow-root/)
})

test('other users, systems without user ids and those who asked for it may run', () => {
  checkRoot({ program: 'rportd', allowRoot: false, effectiveUid: 1000 })
  checkRoot({ program: 'rportd', allowRoot: true, effectiveUid: 0 })
  expect(() => checkRoot({ program: 'rport', allowRoot: false, effectiveUid: undefined })).not.toThrow(/Windows/)
})
