import { defineConfig } from 'vitest/config';
import { RefuseSkips } from './test/support/refuse-skips.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Whole scenarios wait for facts; on a loaded machine these come late.
    testTimeout: 90_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: process.env.CI ? ['default', new RefuseSkips()] : ['default'],
  },
});
