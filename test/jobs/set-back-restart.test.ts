import { expect, test } from 'vitest';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { restoreJobs } from '../../src/jobs/restore-jobs.ts';
import { createLog } from '../../src/log.ts';
import type { Store } from '../../src/store/store.ts';
import { rigAt } from '../machines/job-places.ts';
import { ManualClock } from '../support/manual-clock.ts';

const TWO_HOURS = 2 * 3_600_000;

type Restored = { context: { phase: { deadlineAt: number } } };

/** Restores one record that was saved at an instant, on a clock that shows another one. */
async function restoring(savedAt: number, now: number) {
  const rig = await rigAt('sshReady.acting');
  const record = { v: 1 as const, machine: 'job' as const, savedAt, snapshot: rig.stored() as Restored };
  rig.stop();
  const restored: Restored[] = [];
  const saved: { savedAt: number; snapshot: Restored }[] = [];
  const store = {
    actors: {
      read: async () => ({ records: [{ key: '7', record }], unreadable: [] }),
      put: (_key: string, again: { savedAt: number; snapshot: Restored }) => saved.push(again),
    },
    names: { lastOf: () => 0, put: () => undefined },
  };
  await restoreJobs({
    actors: {
      restore: (_key: string, snapshot: Restored) => {
        restored.push(snapshot);
        return { start: () => undefined };
      },
    } as never as JobActors,
    creates: { sentAt: () => null } as never,
    store: store as never as Store,
    clock: new ManualClock(now),
    log: createLog({ level: 'fatal', format: 'json', secrets: [] }),
    settle: 1_000,
    namePrefix: 'gh-default',
    runnerScope: 'repository',
  });
  const before = record.snapshot.context.phase.deadlineAt;
  return { before, after: restored[0]?.context.phase.deadlineAt ?? Number.NaN, saved };
}

test('law 13: a system’s clock that was set back over a restart gives no deadline more time', async () => {
  const NOW = Date.UTC(2026, 10, 24, 12);
  const { before, after, saved } = await restoring(NOW + TWO_HOURS, NOW);
  expect(after).toBe(before - TWO_HOURS);
  // Otherwise the next restart would start from an instant in the future.
  expect(saved).toMatchObject([{ savedAt: NOW, snapshot: { context: { phase: { deadlineAt: after } } } }]);
});

test('law 8: the time that a restart took counts for each deadline', async () => {
  const NOW = Date.UTC(2026, 10, 24, 12);
  const { before, after, saved } = await restoring(NOW - TWO_HOURS, NOW);
  expect([after, saved]).toEqual([before, []]);
});
