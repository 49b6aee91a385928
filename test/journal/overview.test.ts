import { afterEach, beforeEach, expect, test } from 'vitest';
import { endOfSeen } from '../../src/journal/outcome.js';
import { applyEntry, emptyOverview, overviewOf } from '../../src/journal/overview.js';
import type { Recording } from '../../src/journal/recording.ts';
import { liveRecording, overviewAt } from '../../src/journal/recording.ts';
import { attemptsOf } from '../../src/journal/story/attempts.js';
import { verdictOf } from '../../src/journal/story/verdict.js';
import { rowsOf } from '../../src/page/jobs/job-rows.js';
import { StagedDaemon } from '../page/staged-daemon.ts';
import { ManualClock } from '../support/manual-clock.ts';

let clock: ManualClock;
let daemon: StagedDaemon;
let recording: Recording;
beforeEach(async () => {
  clock = new ManualClock();
  daemon = await StagedDaemon.start(null, { clock });
  recording = liveRecording(daemon.store, daemon.journal);
});
afterEach(() => daemon.close());

/** Mulberry32: the same random numbers each time. */
function dice(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const truth = () =>
  [...daemon.actors.all()]
    .map(({ key, snapshot }) => ({
      key,
      context: JSON.parse(JSON.stringify(snapshot.context)),
      state: daemon.state(key),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));

test('the journal gives the actors of every moment, contexts included', async () => {
  const random = dice(7);
  type Moment = { at: number; seq: number; jobs: ReturnType<typeof truth> };
  const moments: Moment[] = [];
  const settled: Moment[] = [];
  const keys: string[] = [];
  for (let n = 0; n < 220; n += 1) {
    const key = keys[Math.floor(random() * keys.length)] ?? '';
    const roll = random();
    if (roll < 0.12 || keys.length === 0) keys.push(daemon.queue(100 + n));
    else if (roll < 0.75) daemon.next(key);
    else if (roll < 0.85) daemon.fail(key, 'HOST_UNREACHABLE', 'no answer');
    else if (roll < 0.86) daemon.breakDown(key);
    else if (roll < 0.92) daemon.send(key, { type: 'operator.cancelled', by: 'ada' });
    else daemon.tearDown(key);
    moments.push({ at: clock.now(), seq: daemon.store.journal.seq, jobs: truth() });
    // The clock moves here, so that this instant belongs to one moment only.
    if (n % 10 === 0) {
      clock.advance(3);
      settled.push(moments.at(-1) as Moment);
    }
  }
  const live = emptyOverview();
  await daemon.store.durable();
  for await (const entry of recording.read({})) {
    applyEntry(live, entry);
    const moment = moments.findLast(({ seq }) => seq === entry.seq);
    if (!moment) continue;
    const told = [...live.jobs.values()]
      .map(({ key, context, state }) => ({ key, context, state }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    expect(told).toEqual(moment.jobs);
  }
  // The same by its instant, from the bounded part of the journal only.
  for (const { at, jobs } of settled) {
    const answer = await overviewAt(recording, at);
    const told = answer.jobs.map(({ key, context, state }) => ({ key, context, state }));
    expect(told.sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(jobs);
    expect(overviewOf(answer).jobs.size).toBe(jobs.length);
  }
});

test('reading starts at the oldest live job, not at the first entry', async () => {
  for (let n = 0; n < 50; n += 1)
    daemon.send(daemon.queue(500 + n), { type: 'operator.cancelled', by: 'ada' });
  daemon.host('mini-1', []);
  // The state of webhooks has not changed since the start.
  daemon.journal.refresh(clock.now() + 15 * 60_000);
  const key = daemon.queue(900);
  daemon.next(key);
  await daemon.store.durable();
  let since: number | undefined;
  for await (const entry of recording.read({ reverse: true, limit: 1 })) since = entry.since;
  expect(since).toBeGreaterThan(100);
});

test('a start of the daemon removes jobs that were not restored, and each ended job has its outcome', async () => {
  const overview = emptyOverview();
  const cancelled = daemon.queue(1);
  daemon.send(cancelled, { type: 'operator.cancelled', by: 'ada' });
  daemon.send(daemon.queue(2), { type: 'job.completed', conclusion: 'cancelled', here: false });
  daemon.send(daemon.queue(3), {
    type: 'job.takenElsewhere',
    by: { runner: 'theirs', isOurs: false },
  });
  daemon.queue(4);
  await daemon.store.durable();
  for await (const entry of recording.read({})) applyEntry(overview, entry);
  expect(overview.ended.map((job) => endOfSeen(job).outcome)).toEqual(['notOurs', 'cancelled', 'cancelled']);
  expect(overview.jobs.size).toBe(1);
  const start = {
    kind: 'daemon' as const,
    at: 1,
    actor: 'daemon',
    jobId: 0,
    attempt: 0,
    host: null,
    event: '',
    from: '',
    to: '',
  };
  applyEntry(overview, { seq: overview.seq + 1, ...start });
  expect(overview.jobs.size).toBe(0);
});

test('a job that was given up and is served again is listed once, and its story keeps the failure', async () => {
  const overview = emptyOverview();
  const first = daemon.queue(1);
  daemon.send(first, { type: 'operator.cancelled', by: 'ada' });
  const again = daemon.queue(1);
  daemon.next(again);
  await daemon.store.durable();
  const entries = [];
  for await (const entry of recording.read({})) {
    entries.push(entry);
    applyEntry(overview, entry);
  }
  const rows = () =>
    rowsOf({ overview, waiting: [], isPast: false }).map(({ kind, job }) => [kind, job.state]);
  expect(rows()).toEqual([['live', 'creating.acting']]);
  expect(verdictOf(entries, clock.now())).toMatchObject({ mood: 'working', cause: '' });
  expect(attemptsOf(entries).map(({ end }) => end)).toEqual([
    expect.stringMatching(/^Cancelled, by an operator/),
    '',
  ]);
});

test('a job that goes on in another actor is shown with that one, not with the teardown of its first VM', async () => {
  const overview = emptyOverview();
  const lost = daemon.queue(1);
  for (let n = 0; n < 3; n += 1) daemon.next(lost);
  daemon.send(lost, { type: 'host.lost' });
  daemon.tearDown(lost);
  await daemon.store.durable();
  const entries = [];
  for await (const entry of recording.read({})) {
    entries.push(entry);
    applyEntry(overview, entry);
    const shown = rowsOf({ overview, waiting: [], isPast: false });
    expect(shown.length).toBeLessThanOrEqual(1);
  }
  expect(overview.jobs.size).toBe(1);
  expect(verdictOf(entries, clock.now()).headline).toContain('It waits for a VM');
});
