import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { type Ending, killControllers } from './kill-controllers.ts';
import { migratedServer } from './migrated-server.ts';
import { outOfTurn } from './turns.ts';

/** The short form of `npm run soak:controllers`. */
const ENDINGS: Ending[] = [
  { how: 'SIGKILL', who: 'active' },
  { how: 'SIGSTOP', who: 'active' },
  { how: 'SIGKILL', who: 'standby' },
  { how: 'SIGTERM', who: 'active' },
];

describe.runIf(inject('postgres'))('controllers that are killed and frozen while jobs come', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  test('lose nothing: each acknowledged delivery leads to its job, one acts at a time, nothing is left', {
    timeout: 300_000,
  }, async () => {
    const played = await killControllers({
      ...{ serverPort: server.port, seed: 17 },
      next: (round) => ENDINGS[round - 1] ?? null,
    });
    expect(played.wrong).toEqual([]);
    expect(played.rounds).toHaveLength(ENDINGS.length);
    expect(played.jobs).toBeGreaterThan(ENDINGS.length);
    expect(played.epochs).toBeGreaterThan(3);
  });
});

test('a request after the turn of its controller is found', () => {
  const turns = [
    { epoch: 3, name: 'one' },
    { epoch: 4, name: 'two' },
    { epoch: 5, name: 'three' },
    { epoch: 6, name: 'one' },
  ];
  expect(outOfTurn(['one', 'two', 'one'], turns)).toEqual([]);
  expect(outOfTurn(['one', 'two', 'one', 'two'], turns)).toEqual(['two sent something after its turn']);
  expect(outOfTurn(['two', 'three', 'two'], turns)).toEqual(['two sent something after its turn']);
  expect(outOfTurn([], [...turns, { epoch: 6, name: 'two' }])).toEqual(['epoch 6 came after 6']);
});
