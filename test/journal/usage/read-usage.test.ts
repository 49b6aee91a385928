import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveRecording, type Recording } from '../../../src/journal/recording.ts';
import { readUsage } from '../../../src/journal/usage/read-usage.ts';
import { USAGE_BY } from '../../../src/journal/usage/usage-by.js';
import { StagedDaemon } from '../../page/staged-daemon.ts';
import { Chance } from '../../simulation/chance.ts';
import { ManualClock } from '../../support/manual-clock.ts';

let clock: ManualClock;
let daemon: StagedDaemon;
let recording: Recording;
beforeEach(async () => {
  clock = new ManualClock();
  daemon = await StagedDaemon.start(null, { clock });
  recording = liveRecording(daemon.store, daemon.journal);
});
afterEach(() => daemon.close());

const never = new AbortController().signal;
const usage = (since: number, until: number, by: (typeof USAGE_BY)[number] = 'repository') =>
  readUsage(recording, by, { since, until }, 0, never);

test('the figures are those of the actors at every moment, for the whole time and for each part of it', async () => {
  const random = new Chance(11, 'usage').next;
  const began = clock.now();
  const keys: string[] = [];
  const cuts: number[] = [began];
  let [slotMs, jobMs] = [0, 0];
  for (let n = 0; n < 260; n += 1) {
    const key = keys[Math.floor(random() * keys.length)] ?? '';
    const roll = random();
    if (roll < 0.14 || keys.length === 0) keys.push(daemon.queue(100 + n, { repository: `app-${n % 3}` }));
    else if (roll < 0.7) daemon.next(key);
    else if (roll < 0.75) daemon.send(key, { type: 'job.started' });
    else if (roll < 0.79) daemon.send(key, { type: 'job.completed', conclusion: 'failure', here: true });
    else if (roll < 0.84) daemon.fail(key, 'HOST_UNREACHABLE', 'no answer');
    else if (roll < 0.86) daemon.send(key, { type: 'operator.cancelled', by: 'ada' });
    else daemon.tearDown(key);
    const ms = 1_000 + Math.floor(random() * 60_000);
    for (const { snapshot } of daemon.actors.all()) {
      if (snapshot.hasTag('holdsSlot') && snapshot.context.vm) slotMs += ms;
      if (snapshot.context.job.status === 'in_progress') jobMs += ms;
    }
    clock.advance(ms);
    if (n % 20 === 0) cuts.push(clock.now());
  }
  const whole = await usage(began, clock.now());
  expect(slotMs).toBeGreaterThan(0);
  expect(jobMs).toBeGreaterThan(0);
  expect(whole.total).toMatchObject({ slotMs, jobMs });
  expect(whole.rows.reduce((sum, row) => sum + row.slotMs, 0)).toBe(slotMs);
  for (const by of USAGE_BY) expect((await usage(began, clock.now(), by)).total).toEqual(whole.total);

  const ends = [...cuts.slice(1), clock.now()];
  const parts = await Promise.all(ends.map((until, index) => usage(cuts[index] ?? 0, until)));
  const summed = (of: (total: (typeof whole)['total']) => number) =>
    parts.reduce((sum, { total }) => sum + of(total), 0);
  expect(summed((total) => total.slotMs)).toBe(slotMs);
  expect(summed((total) => total.jobMs)).toBe(jobMs);
  expect(summed((total) => total.vms)).toBe(whole.total.vms);
  expect(summed((total) => total.jobs)).toBe(whole.total.jobs);
  expect(summed((total) => total.waits.count)).toBe(whole.total.waits.count);
});

test('other work gets a turn while a long journal is read, and an abort ends the reading', async () => {
  for (let n = 0; n < 400; n += 1)
    daemon.send(daemon.queue(1_000 + n), { type: 'operator.cancelled', by: 'ada' });
  await daemon.store.durable();
  let turns = 0;
  const count = () => {
    turns += 1;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const { total } = await usage(0, clock.now() + 1);
  clearImmediate(timer);
  expect(total.jobs).toBe(400);
  expect(turns).toBeGreaterThanOrEqual(8);

  const stop = new AbortController();
  const reading = readUsage(recording, 'host', { since: 0, until: clock.now() + 1 }, 0, stop.signal);
  stop.abort(new Error('the reader is gone'));
  await expect(reading).rejects.toThrow('the reader is gone');
});

test('an empty journal gives no figures', async () => {
  const nothing: Recording = { ...recording, async *read() {}, seqAt: async () => 0 };
  const { firstAt, rows, total } = await readUsage(nothing, 'repository', { since: 0, until: 1 }, 0, never);
  expect({ firstAt, rows, jobs: total.jobs }).toEqual({ firstAt: null, rows: [], jobs: 0 });
});
