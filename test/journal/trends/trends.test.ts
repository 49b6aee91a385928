import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveRecording, type Recording } from '../../../src/journal/recording.ts';
import { Trends } from '../../../src/journal/trends/trends.ts';
import { readUsage } from '../../../src/journal/usage/read-usage.ts';
import { StagedDaemon } from '../../page/staged-daemon.ts';
import { Chance } from '../../simulation/chance.ts';
import { ManualClock } from '../../support/manual-clock.ts';

let clock: ManualClock;
let daemon: StagedDaemon;
let recording: Recording;
let trends: Trends;
beforeEach(async () => {
  clock = new ManualClock();
  daemon = await StagedDaemon.start(null, { clock });
  recording = liveRecording(daemon.store, daemon.journal);
  trends = new Trends(recording, clock, () => 0);
});
afterEach(() => daemon.close());

test('queue, slots, starts and ends are those of the actors, however often it is asked in between', async () => {
  const random = new Chance(7, 'trends').next;
  const began = clock.now();
  const keys: string[] = [];
  const queue = { sum: 0, most: 0 };
  const slots = { sum: 0, most: 0 };
  for (let n = 0; n < 260; n += 1) {
    const key = keys[Math.floor(random() * keys.length)] ?? '';
    const roll = random();
    if (roll < 0.14 || keys.length === 0) keys.push(daemon.queue(100 + n));
    else if (roll < 0.7) daemon.next(key);
    else if (roll < 0.75) daemon.send(key, { type: 'job.started' });
    else if (roll < 0.79) daemon.send(key, { type: 'job.completed', conclusion: 'failure', here: true });
    else if (roll < 0.84) daemon.fail(key, 'HOST_UNREACHABLE', 'no answer');
    // Not in the teardown: trends count a job's first end, usage its last one, and this would change the blame.
    else if (roll < 0.86 && !daemon.state(key).startsWith('tearingDown'))
      daemon.send(key, { type: 'operator.cancelled', by: 'ada' });
    else daemon.tearDown(key);
    const ms = 1_000 + Math.floor(random() * 60_000);
    const all = [...daemon.actors.all()].map(({ snapshot }) => snapshot);
    const waiting = all.filter((one) => one.matches('queued')).length;
    const held = all.filter((one) => one.hasTag('holdsSlot') && one.context.vm).length;
    for (const [level, value] of [
      [queue, waiting],
      [slots, held],
    ] as const) {
      level.sum += value * ms;
      level.most = Math.max(level.most, value);
    }
    clock.advance(ms);
    if (n % 60 === 0) await trends.of('6h', clock.now());
  }
  const spent = clock.now() - began;
  const { whole, read } = await trends.of('24h', clock.now());
  expect(read).toBe(1);
  expect(queue.sum).toBeGreaterThan(0);
  expect(whole.queue?.most).toBe(queue.most);
  expect(whole.queue?.mean).toBeCloseTo(queue.sum / spent, 6);
  expect(whole.slots?.most).toBe(slots.most);
  expect(whole.slots?.mean).toBeCloseTo(slots.sum / spent, 6);
  const never = new AbortController().signal;
  const { total } = await readUsage(recording, 'host', { since: began, until: clock.now() }, 0, never);
  const { notOurs: _, unknown: __, ...told } = total.outcomes;
  expect(whole.ended).toEqual(told);
  expect(whole.waits).toEqual((({ longest: _, ...waits }) => waits)(total.waits));
  const byJob = (total.failedAttempts.job ?? 0) + (total.failures.job ?? 0);
  expect(whole.failures).toEqual({ ...total.failedAttempts, ...(byJob > 0 && { job: byJob }) });
});

test('a long journal is read in the background, some entries at a time, and an answer says how far it is', async () => {
  const order = { event: 'operator.collected', from: '', to: '', detail: { by: 'ada' } };
  const of = { kind: 'order', at: clock.now(), actor: 'operator', jobId: 0, attempt: 0, host: null } as const;
  for (let n = 0; n < 2_500; n += 1) daemon.journal.write({ ...of, ...order });
  daemon.send(daemon.queue(1_000), { type: 'operator.cancelled', by: 'ada' });
  let turns = 0;
  let last = 0;
  const reads: number[] = [];
  for (let read = 0; read < 1; turns += 1) {
    ({ read } = await trends.of('1h', clock.now()));
    expect(read).toBeGreaterThanOrEqual(last);
    last = read;
    reads.push(read);
    await new Promise(setImmediate);
  }
  expect(reads[0]).toBe(0);
  expect(turns).toBeGreaterThanOrEqual(5);
  expect((await trends.of('1h', clock.now())).whole.ended).toEqual({ cancelled: 1 });
});

test('a range ends at any moment of the past, and its points begin at whole steps', async () => {
  daemon.queue(5);
  const before = clock.now();
  clock.advance(90 * 60_000);
  daemon.queue(6);
  const { points, from, until, step } = await trends.of('1h', before + 60_000);
  expect([until - from, step, from % step]).toEqual([3_600_000, 60_000, 0]);
  expect(points.length).toBe(60);
  expect(points.at(-1)?.queue?.most).toBe(1);
  expect((await trends.of('7d', clock.now())).whole.queue?.most).toBe(2);
});

test('an answer says from when on there are figures: where the journal begins, and of the last week at most', async () => {
  daemon.queue(5);
  const began = clock.now();
  clock.advance(60_000);
  const keptFrom = async () => (await trends.of('1h', clock.now())).keptFrom;
  expect(await keptFrom()).toBe(began);
  clock.advance(30 * 24 * 3_600_000);
  expect(clock.now() - (await keptFrom())).toBe((7 * 24 + 2) * 3_600_000);
});

test('a journal that could not be read is told once, and then it is tried again', async () => {
  let isBroken = true;
  const broken = new Trends(
    {
      ...recording,
      durable: async () => {
        if (isBroken) throw new Error('the disk is full');
      },
    },
    clock,
    () => 0,
  );
  await expect(broken.of('1h', clock.now())).rejects.toThrow('the disk is full');
  isBroken = false;
  expect((await broken.of('1h', clock.now())).read).toBe(1);
});
