import { expect, test } from 'vitest';
import { TrendFold } from '../../../src/journal/trends/trend-fold.ts';
import { trendPoints } from '../../../src/journal/trends/trend-points.ts';
import type { StoredJournalEntry } from '../../../src/store/tables/journal.ts';
import { JOB, VM } from '../../machines/job-samples.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5, 9);

let seq = 0;
function entry(minutes: number, more: Partial<StoredJournalEntry>): StoredJournalEntry {
  seq += 1;
  const of = { actor: '101', jobId: 101, attempt: 1, host: null, event: 'x', from: '', to: '' };
  return { seq, at: START + minutes * MINUTE, ...of, ...more };
}

const queued = (minutes: number) =>
  entry(minutes, {
    to: 'queued',
    changed: { job: { ...JOB, queuedAt: START + minutes * MINUTE }, vm: null },
  });
const host = (minutes: number, to: string, detail = {}) =>
  entry(minutes, { kind: 'host', actor: 'host:mini-1', host: 'mini-1', to, detail: { slots: 2, ...detail } });
const started = (minutes: number, heardLast: number) =>
  entry(minutes, {
    kind: 'daemon',
    actor: 'daemon',
    jobId: 0,
    detail: { heardLast: START + heardLast * MINUTE },
  });
const creating = (minutes: number) =>
  entry(minutes, { from: 'queued', to: 'creating.acting', changed: { vm: VM } });
const running = (minutes: number, queuedAt: number) =>
  entry(minutes, {
    from: 'runnerOnline.confirming.acting',
    to: 'running.busy.watching',
    changed: { job: { ...JOB, status: 'in_progress', queuedAt: START + queuedAt * MINUTE } },
  });

function pointsOf(entries: StoredJournalEntry[], minutes: number, step = MINUTE, githubAhead = 0) {
  const fold = new TrendFold(() => githubAhead);
  for (const one of entries) fold.add(one);
  fold.advance(START + minutes * MINUTE);
  return trendPoints(fold, { from: START, until: START + minutes * MINUTE, step });
}

test('levels are averages over the time, and a level that lasted a moment counts as the most', () => {
  const { points, whole } = pointsOf([host(0, 'healthy'), queued(0.5), creating(1.5), running(2, 0.5)], 4);
  expect(points.map(({ queue }) => queue)).toEqual([
    { most: 1, mean: 0.5 },
    { most: 1, mean: 0.5 },
    { most: 0, mean: 0 },
    { most: 0, mean: 0 },
  ]);
  expect(points.map(({ slots }) => slots?.mean)).toEqual([0, 0.5, 1, 1]);
  expect(whole).toMatchObject({
    queue: { most: 1, mean: 0.25 },
    capacity: { most: 2, mean: 2 },
    waits: { count: 1, median: 1.5 * MINUTE, p95: 1.5 * MINUTE },
  });
});

test('a wait is on our clock, however far GitHub, which dated the job, is ahead or behind', () => {
  const wait = (queuedAt: number, githubAhead: number) =>
    pointsOf([queued(0), creating(1), running(2, queuedAt)], 3, MINUTE, githubAhead).whole.waits.median;
  expect([wait(0, 0), wait(1.5, 1.5 * MINUTE), wait(-5, -5 * MINUTE)]).toEqual([
    2 * MINUTE,
    2 * MINUTE,
    2 * MINUTE,
  ]);
});

test('a job that an operator cancels in the queue had no VM, so no attempt failed', () => {
  const detail = { code: 'OPERATOR_CANCELLED', blame: 'operator', message: 'Ada cancelled it.' };
  const end = { outcome: 'cancelled', blame: 'operator', cause: null } as const;
  const { whole, causes } = pointsOf([queued(0), entry(1, { from: 'queued', to: 'failed', detail, end })], 2);
  expect([whole.ended, whole.failures, causes]).toEqual([{ cancelled: 1 }, {}, []]);
});

test('nobody is blamed where nobody saw whether the job or its VM ended first', () => {
  const torn = { from: 'running.finishing.watching', to: 'tearingDown.vm.acting, tearingDown.runner.acting' };
  const detail = { code: 'END_UNSEEN', blame: 'host', message: 'Both were over.' };
  const end = { outcome: 'failed', blame: null, cause: null } as const;
  const { whole, causes } = pointsOf(
    [queued(0), creating(0), running(1, 0), entry(1, { ...torn, detail, end })],
    2,
  );
  expect([whole.ended, whole.failures, causes]).toEqual([{ failed: 1 }, {}, []]);
});

test('the slots of a host that is cordoned or does not answer are not available', () => {
  const { points } = pointsOf(
    [host(0, 'healthy'), host(1, 'healthy', { cordon: { by: 'ada', at: 1 } }), host(2, 'lost')],
    3,
  );
  expect(points.map(({ capacity }) => capacity?.mean)).toEqual([2, 0, 0]);
});

test('a host that proves itself has one slot for jobs', () => {
  const proving = (slots: number) => pointsOf([host(0, 'proving', { slots })], 1).whole.capacity?.mean;
  expect([proving(2), proving(1), proving(0)]).toEqual([1, 1, 0]);
});

test('the time in which no daemon ran is unknown, and a restart counts no start and no end again', () => {
  const ended = { from: 'running.busy.watching', to: 'tearingDown.vm.acting' };
  const end = { outcome: 'lost', blame: 'host', cause: null } as const;
  const vanished = { code: 'VM_VANISHED', blame: 'host', message: 'gone' };
  const again = { event: 'daemon.restarted', from: ended.to, to: ended.to, end };
  const { points, whole, causes } = pointsOf(
    [
      ...[host(0, 'healthy'), queued(0), creating(0), running(1, 0)],
      entry(1.5, { ...ended, end, detail: vanished }),
      started(4, 2),
      entry(4, { ...again, changed: { job: { ...JOB, status: 'in_progress' }, vm: VM } }),
      entry(5, { from: ended.to, to: 'done', end }),
    ],
    6,
  );
  expect(points.map(({ slots }) => slots?.mean ?? null)).toEqual([1, 1, null, null, 1, 0]);
  expect(whole.ended).toEqual({ lost: 1 });
  expect(whole.waits.count).toBe(1);
  expect(whole.failures).toEqual({ host: 1 });
  expect(causes).toEqual([{ blame: 'host', cause: 'VM_VANISHED', count: 1 }]);
});

test('a job that failed by itself is a failure without a code; a repeated cause is counted, the most frequent first', () => {
  const detail = { code: 'IMAGE_INVALID', blame: 'image', message: 'no' };
  const failed = (minutes: number) =>
    entry(minutes, { from: 'creating.acting', to: 'tearingDown.vm.acting', detail });
  const { causes, whole } = pointsOf(
    [
      ...[queued(0), creating(0), failed(0), failed(1)],
      entry(2, {
        from: 'running.busy.watching',
        to: 'done',
        end: { outcome: 'failed', blame: 'job', cause: null },
      }),
    ],
    3,
  );
  expect(causes).toEqual([
    { blame: 'image', cause: 'IMAGE_INVALID', count: 2 },
    { blame: 'job', cause: '', count: 1 },
  ]);
  expect([whole.ended, whole.failures]).toEqual([{ failed: 1 }, { image: 2, job: 1 }]);
});

test('an entry dated years ahead costs no time, and the levels go on where the clock goes on', () => {
  const year = 365 * 24 * 60;
  const before = performance.now();
  const { points } = pointsOf([queued(0), host(40 * year, 'healthy'), host(1, 'healthy'), creating(2)], 3);
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(points.slice(1).map(({ queue }) => queue?.mean)).toEqual([1, 0]);
});

test('old minutes are forgotten', () => {
  const fold = new TrendFold(() => 0);
  for (const one of [queued(0), creating(5)]) fold.add(one);
  fold.prune(START + 3 * MINUTE);
  expect([2, 3].map((minute) => fold.minuteAt(START + minute * MINUTE)?.queue.most)).toEqual([undefined, 1]);
});
