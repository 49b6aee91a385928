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

/** Restores `count` jobs that register a runner without an id, with a create that was sent without a response. */
async function restoreWith(
  actors: Partial<JobActors>,
  { count = 1, sent }: { count?: number; sent?: string },
) {
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
  const record = actorRecord(actor.getPersistedSnapshot());
  for (let n = 0; n < count; n += 1) store.actors.put(String(101 + n), record);
  if (sent !== undefined) store.sent.put(sent, clock.now(), null);
  await store.durable();
  const creates = new PendingCreates(clock, () => SETTLE, store.sent);
  const names = { namePrefix: 'gh-default', runnerScope: 'repository' } as const;
  await restoreJobs({
    ...{ actors: { size: count, ...actors } as JobActors, creates, store, clock, log },
    ...{ settle: SETTLE, ...names },
  });
  return creates;
}

async function restoredWith(sent: string) {
  const creates = await restoreWith({ restore: () => ({ start: () => undefined }) }, { sent });
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

test('other work gets a turn while many jobs are restored, and none of them starts before all are read', async () => {
  const order: string[] = [];
  const restore = (key: string) => {
    if (key === '101') setImmediate(() => order.push('other work'));
    order.push('read');
    return { start: () => void order.push('start') };
  };
  await restoreWith({ restore }, { count: 200 });
  expect(order.indexOf('other work')).toBeLessThan(order.lastIndexOf('read'));
  expect(order.lastIndexOf('read')).toBeLessThan(order.indexOf('start'));
  expect(order.filter((what) => what === 'start')).toHaveLength(200);
});
