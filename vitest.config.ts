import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores are what the project is sized for; each worker may start an engine of its own.
    maxWorkers: 2,
    pool: 'forks',
  },
});
