import { defineConfig } from 'vitest/config'

const unit = {
  name: 'unit',
  include: ['{apps,packages}/*/src/**/*.test.ts', '{bench,scripts}/**/*.test.ts'],
  testTimeout: 15_000,
}
const program = { testTimeout: 60_000, hookTimeout: 120_000, globalSetup: 'tests/harness/set-up.ts' }
/** Stories mostly wait for programs: two files at once share two cores well. What they start has ports of its worker. */
const TWO_AT_ONCE = { maxWorkers: 2, minWorkers: 1 }

export default defineConfig({
  test: {
    projects: [
      { test: unit },
      { test: { name: 'integration', include: ['tests/integration/**/*.test.ts'], ...program, ...TWO_AT_ONCE } },
      { test: { name: 'compat', include: ['tests/compat/**/*.test.ts'], ...program, fileParallelism: false } },
    ],
  },
})
