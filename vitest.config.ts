import { defineConfig } from 'vitest/config';

/** Where .ci/run wants the counts for its last line. */
const report = process.env.TIDEGATE_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores are what the project is sized for; each worker may start an engine of its own.
    maxWorkers: 2,
    pool: 'forks',
    ...(report === undefined ? {} : { reporters: ['default', ['json', { outputFile: report }]] }),
  },
});
