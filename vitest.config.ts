import { defineConfig } from 'vitest/config'

const unit = {
  name: 'unit',
  include: ['{apps,packages}/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
  testTimeout: 15_000,
}
// Real programs and real time on a machine that may be busy: a second try tells a race of a test's own peer from a fault. A test that
// needed it is printed with its first failure and is a bug to be mended.
const program = { retry: 1, testTimeout: 60_000, hookTimeout: 120_000, fileParallelism: false }

export default defineConfig({
  test: {
    projects: [
      { test: unit },
      { test: { name: 'integration', include: ['tests/integration/**/*.test.ts'], ...program } },
      { test: { name: 'compat', include: ['tests/compat/**/*.test.ts'], ...program } },
    ],
  },
})
