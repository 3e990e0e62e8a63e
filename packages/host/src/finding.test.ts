import { expect, test } from 'vitest'
import { type Finding, findingsAsJson, hasFailure, renderFindings } from './finding.ts'

const fine: Finding = { check: 'clock', outcome: 'ok', detail: 'right' }
const wrong: Finding = { check: 'data folder', outcome: 'fail', detail: 'bad\u001b[2J\nok', fix: 'mend it' }

test('people read a line for each finding, the way out below it, and a sum', () => {
  expect(renderFindings([fine, wrong])).toBe(
    [
      'ok    clock        right',
      'FAIL  data folder  bad?[2J?ok',
      '                   mend it',
      '',
      '1 fine, 0 to look at, 1 wrong\n',
    ].join('\n'),
  )
})

test('programs read whether it can work, and every finding', () => {
  expect(JSON.parse(findingsAsJson([fine]))).toEqual({ ok: true, findings: [fine] })
  expect(JSON.parse(findingsAsJson([fine, wrong]))).toMatchObject({ ok: false })
})

test('a warning is no failure', () => {
  expect(hasFailure([{ ...fine, outcome: 'warn' }])).toBe(false)
  expect(hasFailure([fine, wrong])).toBe(true)
})
