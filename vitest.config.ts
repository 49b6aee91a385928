import { defineConfig } from 'vitest/config';
import { RefuseSkips } from './test/support/refuse-skips.ts';
import { ScenariosFirst } from './test/support/scenarios-first.ts';

const inFolders = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`);

/** Tests that leave nothing behind in their process, so that the files share it: to load the same modules for each costs more than the tests do. */
const UNITS = inFolders(
  'agent',
  'chart',
  'config',
  'dispatch',
  'docs',
  'evidence',
  'fuzz',
  'github',
  'hosts',
  'http',
  'intake',
  'jobs',
  'journal',
  'machines',
  'placement',
);

/** These share their process as well, and start others: guests, servers, and stores that are killed. */
const PARTS = inFolders('effects', 'guest', 'simulator', 'store', 'upkeep');

/** Every row of the bench once, which has the machine for itself: `npm run test:bench`. */
const BENCH = ['test/bench/**/*.test.ts'];

export default defineConfig({
  test: {
    // Whole scenarios wait for facts; on a loaded machine these come late.
    testTimeout: 90_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // One more than the two cores that it is meant for: most of what whole scenarios do is to wait.
    maxWorkers: 3,
    sequence: { sequencer: ScenariosFirst },
    reporters: process.env.CI
      ? [
          'default',
          new RefuseSkips(process.env.JEBALLTO_OPENAPI ? [] : ['against the agent’s OpenAPI description']),
        ]
      : ['default'],
    projects: [
      { extends: true, test: { name: 'units', include: UNITS, isolate: false } },
      { extends: true, test: { name: 'parts', include: PARTS, isolate: false } },
      {
        extends: true,
        test: { name: 'wholes', include: ['test/**/*.test.ts'], exclude: [...UNITS, ...PARTS, ...BENCH] },
      },
      { extends: true, test: { name: 'bench', include: BENCH } },
    ],
  },
});
