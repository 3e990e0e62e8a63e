import { defineConfig } from 'vitest/config'

const unit = {
  name: 'unit',
  include: ['{apps,packages}/*/src/**/*.test.ts', '{bench,scripts}/**/*.test.ts'],
  testTimeout: 15_000,
}
const program = { testTimeout: 60_000, hookTimeout: 120_000, fileParallelism: false }

export default defineConfig({
  test: {
    projects: [
      { test: unit },
      { test: { name: 'integration', include: ['tests/integration/**/*.test.ts'], ...program } },
      { test: { name: 'compat', include: ['tests/compat/**/*.test.ts'], ...program } },
    ],
  },
})
