import { defineConfig } from 'vitest/config';
import { RefuseSkips } from './test/support/refuse-skips.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: process.env.CI ? ['default', new RefuseSkips()] : ['default'],
  },
});
