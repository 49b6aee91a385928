import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DaemonError } from '../../src/errors.ts';
import { RepositoryNames } from '../../src/intake/repository-names.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });
const HOUR = 3_600_000;
const INTERVAL = 5 * 60_000;

async function naming(answers: (() => { id: number; fullName: string })[]) {
  const clock = new ManualClock();
  const database = memoryDatabase();
  await database.open();
  const store = await memoryStore({ clock, log, retention: HOUR }, database);
  const warned: unknown[] = [];
  const names = new RepositoryNames({
    github: {
      getRepository: async () => (answers.shift() ?? (() => Promise.reject(new Error('no'))))() as never,
    },
    ids: store.repositoryIds,
    repositories: [{ owner: 'acme', repository: 'app' }],
    clock,
    log: { ...log, info: () => undefined, warn: (_: object, text: string) => warned.push(text) } as never,
  });
  names.start();
  await settled();
  return { clock, store, database, names, warned };
}

const found = (id: number, fullName: string) => () => ({ id, fullName });

test('a repository that is renamed while the daemon runs is known by its id, and warned of once', async () => {
  const at = await naming([found(7, 'acme/app')]);
  expect(at.names.renamed()).toEqual([]);
  expect(at.names.configuredName(8, 'acme/other')).toBeNull();
  expect(at.names.configuredName(7, 'acme/renamed')).toEqual({ owner: 'acme', repository: 'app' });
  at.names.configuredName(7, 'acme/renamed');
  expect(at.names.renamed()).toEqual([{ from: 'acme/app', to: 'acme/renamed' }]);
  expect(at.warned).toEqual([expect.stringContaining('acme/app is now called acme/renamed')]);
  await at.names.stop();
});

test('the warning ends when the config has the current name again', async () => {
  const at = await naming([found(7, 'acme/renamed'), found(7, 'Acme/App')]);
  expect(at.names.renamed()).toHaveLength(1);
  await at.clock.pass(INTERVAL);
  expect(at.names.renamed()).toEqual([]);
  await at.names.stop();
});

test('a known id survives a restart and an outage of GitHub', async () => {
  const first = await naming([found(7, 'acme/app')]);
  await first.names.stop();
  await first.store.durable();
  const { clock, database } = first;
  const store = await memoryStore({ clock, log, retention: HOUR }, database);
  const unreachable = () => Promise.reject(new DaemonError('GITHUB_UNREACHABLE', 'no answer'));
  const names = new RepositoryNames({
    github: { getRepository: unreachable },
    ids: store.repositoryIds,
    repositories: [{ owner: 'acme', repository: 'app' }],
    clock,
    log,
  });
  names.start();
  await settled();
  expect(names.configuredName(7, 'acme/renamed')).toEqual({ owner: 'acme', repository: 'app' });
  await names.stop();
});
