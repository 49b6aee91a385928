import { expect, test } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { NO_JOB } from '../../../machines/job/context.ts';
import { UsageFold } from '../../../src/journal/usage/usage-fold.ts';
import type { StoredJournalEntry } from '../../../src/store/tables/journal.ts';
import { JOB, VM } from '../../machines/job-samples.ts';

type Entry = Partial<StoredJournalEntry> & Pick<StoredJournalEntry, 'at' | 'from' | 'to'>;

const job = { ...JOB, id: 1, owner: 'acme', repository: 'app', profile: 'ios', queuedAt: 0 };
const vm = { ...VM, host: 'mini-1', profile: 'ios' };
const placeholder = { ...job, id: NO_JOB };
const SUCCESS = { outcome: 'succeeded', blame: null, cause: null } as const;
const WHOLE = { since: 0, until: 10_000 };
const TEARDOWN = 'tearingDown.vm.acting, tearingDown.runner.acting, tearingDown.job.gone';

/** The usage in a range, of entries about the actor `a` with the job 1 where they do not say otherwise. */
function usageOf(
  entries: Entry[],
  range = WHOLE,
  by: 'repository' | 'profile' | 'host' = 'repository',
  githubAhead = 0,
) {
  const fold = new UsageFold(range, by, githubAhead);
  let seq = 0;
  for (const entry of entries) {
    seq += 1;
    fold.add({ seq, actor: 'a', jobId: 1, attempt: 1, host: null, event: 'e', ...entry });
  }
  return fold.result();
}

/** A job that is queued at 0, gets a slot at 100, starts at 300, ends at 800, and whose VM is gone at 900. */
const LIFE: Entry[] = [
  { at: 10, from: '', to: 'queued', changed: { job, vm: null } },
  { at: 100, from: 'queued', to: 'creating.acting', changed: { vm } },
  {
    at: 300,
    from: 'runnerOnline.confirming.acting',
    to: 'running.busy.watching',
    changed: { job: { ...job, status: 'in_progress' } },
  },
  {
    at: 800,
    from: 'running.busy.watching',
    to: 'running.finishing.watching',
    changed: { job: { ...job, status: 'completed', conclusion: 'success' } },
  },
  { at: 850, from: 'running.finishing.watching', to: TEARDOWN, end: SUCCESS },
  { at: 900, from: TEARDOWN, to: TEARDOWN.replace('vm.acting', 'vm.gone'), end: SUCCESS },
  { at: 950, from: TEARDOWN.replace('vm.acting', 'vm.gone'), to: 'done', end: SUCCESS },
];

test('a slot is used from its grant until the VM is gone, a job runs from its start to its end', () => {
  const { rows, total } = usageOf(LIFE);
  expect(rows).toEqual([{ ...total, name: 'acme/app' }]);
  expect(total).toEqual({
    name: '',
    jobs: 1,
    outcomes: { succeeded: 1 },
    failures: {},
    vms: 1,
    failedAttempts: {},
    jobMs: 500,
    slotMs: 800,
    waits: { count: 1, median: 300, p95: 300, longest: 300 },
  });
});

test('a wait is on our clock, however far GitHub, which dated the job, is ahead or behind', () => {
  for (const githubAhead of [0, 250, -90_000]) {
    const life = LIFE.map(({ changed, ...entry }) => ({
      ...entry,
      changed: changed?.job
        ? { ...changed, job: { ...changed.job, queuedAt: githubAhead } }
        : (changed ?? {}),
    }));
    expect(usageOf(life, WHOLE, 'repository', githubAhead).total.waits.median).toBe(300);
  }
});

test('of a stay only the part in the range counts, and jobs, VMs and waits count where they happened', () => {
  const middle = usageOf(LIFE, { since: 400, until: 820 }).total;
  expect(middle).toMatchObject({ jobs: 0, vms: 0, jobMs: 400, slotMs: 420, waits: { count: 0 } });
  expect(usageOf(LIFE, { since: 840, until: 870 }).total).toMatchObject({ jobs: 1, slotMs: 30, jobMs: 0 });
  expect(usageOf(LIFE, { since: 860, until: 2_000 }).total).toMatchObject({ jobs: 0, slotMs: 40 });
  expect(usageOf(LIFE.slice(0, 3), { since: 0, until: 700 }).total).toMatchObject({
    slotMs: 600,
    jobMs: 400,
  });
});

test('the same use is told by repository, by profile and by host', () => {
  const names = (['repository', 'profile', 'host'] as const).map((by) => usageOf(LIFE, WHOLE, by));
  expect(names.map(({ rows }) => rows[0]?.name)).toEqual(['acme/app', 'ios', 'mini-1']);
  expect(new Set(names.map(({ total }) => JSON.stringify(total))).size).toBe(1);
});

test('after an exchange the slot is used by the job that the VM has', () => {
  const other = { ...job, id: 2, repository: 'lib' };
  const { rows } = usageOf([
    ...LIFE.slice(0, 2),
    { at: 400, jobId: 2, from: 'starting.acting', to: 'running.busy.watching', changed: { job: other, vm } },
    { at: 700, jobId: 2, from: 'running.busy.watching', to: 'done', changed: {}, end: SUCCESS },
  ]);
  expect(rows.map(({ name, slotMs }) => [name, slotMs])).toEqual([
    ['acme/lib', 300],
    ['acme/app', 300],
  ]);
});

test('the slot of a VM whose job went on elsewhere is still used by the repository of that job', () => {
  const { rows } = usageOf([
    ...LIFE.slice(0, 2),
    { at: 200, from: 'creating.acting', to: TEARDOWN, detail: { code: 'VM_CREATE_FAILED', blame: 'host' } },
    { at: 210, from: TEARDOWN, to: TEARDOWN, changed: { job: placeholder } },
    { at: 600, from: TEARDOWN, to: 'done' },
  ]);
  expect(rows).toMatchObject([{ name: 'acme/app', slotMs: 500, jobs: 0, failedAttempts: { host: 1 } }]);
});

test('a warm VM belongs to no repository until a job takes it', () => {
  const { rows } = usageOf([
    { at: 100, jobId: 0, from: '', to: 'creating.acting', changed: { job: placeholder, vm } },
    { at: 500, jobId: 1, from: 'warm.waiting', to: 'jitConfig.acting', changed: { job, vm } },
    { at: 600, from: 'jitConfig.acting', to: 'done', end: SUCCESS },
  ]);
  expect(rows.map(({ name, slotMs, jobs, vms }) => [name, slotMs, jobs, vms])).toEqual([
    ['', 400, 0, 1],
    ['acme/app', 100, 1, 0],
  ]);
});

test('a slot and a job go on over a restart; an actor that does not go on counts until the daemon was heard', () => {
  const restart: Entry = {
    kind: 'daemon',
    at: 600,
    actor: 'daemon',
    jobId: 0,
    from: '',
    to: '',
    detail: { heardLast: 450 },
  };
  const again: Entry = {
    at: 610,
    from: 'running.busy.watching',
    to: 'running.busy.watching',
    event: 'daemon.restarted',
  };
  const goesOn = [...LIFE.slice(0, 3), restart, again, ...LIFE.slice(3)];
  expect(usageOf(goesOn).total).toEqual(usageOf(LIFE).total);
  expect(usageOf([...LIFE.slice(0, 3), restart]).total).toMatchObject({ slotMs: 350, jobMs: 150 });
  const later = { ...restart, at: 700, detail: { heardLast: 650 } };
  expect(usageOf([...LIFE.slice(0, 3), restart, later]).total).toMatchObject({ slotMs: 350, jobMs: 150 });
});

test('an actor in quarantine uses nothing any more', () => {
  const broken: Entry = { kind: 'quarantine', at: 500, from: 'running.busy.watching', to: '' };
  expect(usageOf([...LIFE.slice(0, 3), broken]).total).toMatchObject({ slotMs: 400, jobMs: 200 });
});

test('a job counts once with its last known end, at the instant of its first', () => {
  const lost = failure('VM_VANISHED', 'the VM is gone');
  const unknown = { outcome: 'unknown', blame: null, cause: null } as const;
  const corrected = { outcome: 'lost', blame: 'host', cause: lost } as const;
  const ended: Entry[] = [
    ...LIFE.slice(0, 3),
    { at: 800, from: 'running.busy.watching', to: TEARDOWN, end: unknown },
    { at: 900, from: TEARDOWN, to: 'done', end: corrected },
  ];
  expect(usageOf(ended).total).toMatchObject({ jobs: 1, outcomes: { lost: 1 }, failures: { host: 1 } });
  expect(usageOf(ended, { since: 850, until: 1_000 }).total.jobs).toBe(0);
});

test('a job that was given up and is served again has not ended', () => {
  const givenUp: Entry[] = [
    { at: 10, from: '', to: 'queued', changed: { job, vm: null } },
    { at: 20, from: 'queued', to: 'failed', end: { outcome: 'cancelled', blame: 'operator', cause: null } },
  ];
  expect(usageOf(givenUp).total.outcomes).toEqual({ cancelled: 1 });
  const again: Entry = { at: 30, from: '', to: 'queued', changed: { job, vm: null } };
  expect(usageOf([...givenUp, again]).total.outcomes).toEqual({});
});

test('a failed job is told with whose fault it was, and one that nobody watched as unknown', () => {
  const failed = (jobId: number, blame: 'job' | 'image' | null): Entry[] => [
    {
      at: 10,
      actor: `${jobId}`,
      jobId,
      from: '',
      to: 'queued',
      changed: { job: { ...job, id: jobId }, vm: null },
    },
    {
      at: 20,
      actor: `${jobId}`,
      jobId,
      from: 'queued',
      to: 'done',
      end: { outcome: 'failed', blame, cause: null },
    },
  ];
  const { total } = usageOf([
    ...failed(1, 'job'),
    ...failed(2, 'job'),
    ...failed(3, 'image'),
    ...failed(4, null),
  ]);
  expect(total).toMatchObject({ outcomes: { failed: 4 }, failures: { job: 2, image: 1, unknown: 1 } });
});

test('journals of earlier versions do not say how a job ended: then its last context does', () => {
  const old = LIFE.map(({ end: _, ...entry }) => entry);
  expect(usageOf(old).total.outcomes).toEqual({ succeeded: 1 });
});

test('median and p95 of the waits are over all jobs that started', () => {
  const started = (n: number): Entry => ({
    at: n,
    actor: `${n}`,
    jobId: n,
    from: 'runnerOnline.confirming.acting',
    to: 'running.busy.watching',
    changed: { job: { ...job, id: n, status: 'in_progress' }, vm },
  });
  const { waits } = usageOf(Array.from({ length: 100 }, (_, n) => started(n + 1))).total;
  expect(waits).toEqual({ count: 100, median: 51, p95: 96, longest: 100 });
});
