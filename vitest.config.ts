import { defineConfig } from 'vitest/config';
import { RefuseSkips } from './test/support/refuse-skips.ts';
import { ScenariosFirst } from './test/support/scenarios-first.ts';

const inFolders = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`);

/**
 * Tests that leave nothing behind in their process, so that files share a process: loading modules takes
 * longer than the tests.
 */
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
  'images',
  'intake',
  'jobs',
  'journal',
  'machines',
  'notices',
  'placement',
);

/** These files share a process too, and start further ones: guests, servers, and stores that are killed. */
const PARTS = inFolders('effects', 'guest', 'simulator', 'store', 'upkeep');

/** The whole daemon against a simulated world, over real HTTP and SSH, for minutes: `npm run test:scenarios`. */
const SCENARIOS = inFolders('scenarios');

/** They need Chromium and minutes of a core: `npm run test:page`. */
const PAGE = ['test/page/**/*.browser.test.ts'];

/** Situations in a simulated world, whose answers a browser reads, too: `npm run test:questions`. */
const QUESTIONS = ['test/questions/**/*.test.ts'];

/** Every row of the bench once. It must run alone: `npm run test:bench`. */
const BENCH = ['test/bench/**/*.test.ts'];

/** They need a PostgreSQL server: `npm run test:postgres`. The rules of the store hold for each engine. */
const POSTGRES = [
  ...inFolders('postgres'),
  ...[
    'atomically',
    'deliveries',
    'journal',
    'journal-index',
    'leftovers',
    'name-numbers',
    'prune',
    'sent-creates',
    'settled-jobs',
    'store',
  ].map((name) => `test/store/${name}.test.ts`),
];

export default defineConfig({
  test: {
    // Whole scenarios wait for conditions, which take longer on a loaded machine: each for up to two minutes.
    testTimeout: 240_000,
    hookTimeout: 90_000,
    pool: 'forks',
    // One more than the two cores of CI, since whole scenarios mostly wait.
    maxWorkers: 3,
    sequence: { sequencer: ScenariosFirst },
    reporters: process.env.CI
      ? [
          'default',
          new RefuseSkips([
            ...(process.env.JEBALLTO_OPENAPI ? [] : ['against the agent’s OpenAPI description']),
            // It mounts a small file system, which not every container may do.
            'a full disk of the server',
          ]),
        ]
      : ['default'],
    projects: [
      { extends: true, test: { name: 'units', include: UNITS, isolate: false } },
      { extends: true, test: { name: 'parts', include: PARTS, isolate: false } },
      {
        extends: true,
        test: {
          name: 'wholes',
          include: ['test/**/*.test.ts'],
          exclude: [...UNITS, ...PARTS, ...SCENARIOS, ...PAGE, ...QUESTIONS, ...BENCH, ...POSTGRES],
        },
      },
      { extends: true, test: { name: 'scenarios', include: SCENARIOS } },
      { extends: true, test: { name: 'page', include: PAGE } },
      { extends: true, test: { name: 'questions', include: QUESTIONS } },
      { extends: true, test: { name: 'bench', include: BENCH } },
      {
        extends: true,
        test: { name: 'postgres', include: POSTGRES, globalSetup: 'test/postgres/global-setup.ts' },
      },
    ],
  },
});
