import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createActor } from 'xstate';
import { PendingCreates, registrationKey } from '../../src/effects/pending-creates.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { restoreJobs } from '../../src/jobs/restore-jobs.ts';
import { RUNNER } from '../machines/job-samples.ts';
import { machine, snapshotAt } from '../machines/job-step.ts';
import { actorRecord, DAY } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

const SETTLE = 120_000;

/**
 * Starts the daemon with a store that has a runner without an id and an order that was sent without a
 * response.
 */
async function restoredWith(sent: string) {
  const clock = new ManualClock();
  const log = pino({ level: 'silent' });
  const database = memoryDatabase();
  await database.open();
  onTestFinished(() => database.close());
  const store = await memoryStore({ clock, log, retention: 30 * DAY }, database);
  const snapshot = snapshotAt('jitConfig.acting', { runner: { ...RUNNER, id: null } });
  const actor = createActor(machine.provide({ actors: endlessEffects() }), {
    snapshot,
    input: { job: snapshot.context.job },
  });
  store.actors.put('101', actorRecord(actor.getPersistedSnapshot()));
  store.sent.put(sent, clock.now(), null);
  await store.durable();
  const creates = new PendingCreates(clock, () => SETTLE, store.sent);
  const actors = { restore: () => null, size: 1 } as unknown as JobActors;
  const names = { namePrefix: 'gh-default', runnerScope: 'repository' } as const;
  await restoreJobs({ actors, creates, store, clock, log, settle: SETTLE, ...names });
  return creates.outcome(registrationKey(RUNNER.scope, RUNNER.name));
}

test.each([
  ['under its scope and name', registrationKey(RUNNER.scope, RUNNER.name)],
  ['under its name alone, as an earlier version stored it', RUNNER.name],
])('a registration that was sent %s may still take effect after a restart', async (_how, sent) => {
  expect(await restoredWith(sent)).toBe('unknown');
});

test('a registration that was sent for another scope does not count for this one', async () => {
  const scope = { kind: 'repository', owner: 'octo', repository: 'site' } as const;
  expect(await restoredWith(registrationKey(scope, RUNNER.name))).toBe('none');
});
