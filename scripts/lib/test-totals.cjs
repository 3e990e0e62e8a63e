'use strict'
// Adds up what vitest's JSON reporter wrote.

/** Counts of one report. A file that could not even be loaded counts as one failed test. */
function countReport(report) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/**
 * Counts of one suite that has ended.
 * @param report    parsed JSON, or undefined when vitest did not get as far as writing it
 * @param exitCode  of vitest; not 0 without a failed test means errors outside of tests
 */
function countSuite(report, exitCode) {
  const counts = report ? countReport(report) : { passed: 0, failed: 0, skipped: 0 }
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

const sum = (all) =>
  all.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )

/** The last line of a run: `12 passed, 0 failed, 3 skipped`. */
const totalLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

module.exports = { countSuite, sum, totalLine }
