import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

interface Counts {
  passed: number
  failed: number
  skipped: number
}
interface TestTotals {
  countSuite(report: unknown, exitCode: number): Counts
  sum(all: Counts[]): Counts
  totalLine(counts: Counts): string
}
const { countSuite, sum, totalLine } = createRequire(import.meta.url)('./test-totals.cjs') as TestTotals

const report = (counts: Partial<Record<string, number>> = {}, testResults: unknown[] = []) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults,
  ...counts,
})

test('tests are counted by how they ended', () => {
  const counts = countSuite(report({ numPassedTests: 5, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 }), 1)
  expect(counts).toEqual({ passed: 5, failed: 2, skipped: 2 })
})

test('a file that does not load is a failure, though no test of it failed', () => {
  const broken = { status: 'failed', assertionResults: [] }
  expect(countSuite(report({ numPassedTests: 5 }, [broken]), 1)).toEqual({ passed: 5, failed: 1, skipped: 0 })
})

test('errors outside of tests and runs that were cut off are failures', () => {
  expect(countSuite(report({ numPassedTests: 5 }), 1).failed).toBe(1)
  expect(countSuite(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('the last line names what was left out only when something was', () => {
  expect(
    totalLine(sum([countSuite(report({ numPassedTests: 2 }), 0), countSuite(report({ numPassedTests: 3 }), 0)])),
  ).toBe('5 passed, 0 failed')
  expect(totalLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped')
})
