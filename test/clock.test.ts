import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { startTimeout } from '../src/clock.ts';
import { SteadyClock } from '../src/steady-clock.ts';
import { ManualClock } from './support/manual-clock.ts';
import { SettableTime } from './support/settable-time.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let time: ManualClock;
let system: SettableTime;
let clock: SteadyClock;

beforeEach(() => {
  time = new ManualClock();
  system = new SettableTime(time);
  clock = new SteadyClock(system);
});

test('a sleep ends at its instant, and one whose instant has passed ends at once', async () => {
  const woken: string[] = [];
  const sleep = (name: string, at: number) => clock.sleepUntil(at).then(() => woken.push(name));
  void sleep('later', clock.now() + SECOND);
  void sleep('past', clock.now() - 1);
  await time.pass(999);
  expect(woken).toEqual(['past']);
  await time.pass(1);
  expect(woken).toEqual(['past', 'later']);
});

test('a sleep that is longer than Node’s longest timer is slept in pieces', async () => {
  let isOver = false;
  void clock.sleepUntil(clock.now() + 60 * DAY).then(() => {
    isOver = true;
  });
  expect(time.alarms).toEqual([time.now() + 2 ** 31 - 1]);
  await time.pass(60 * DAY - 1);
  expect(isOver).toBe(false);
  await time.pass(1);
  expect(isOver).toBe(true);
});

test('a sleep that is aborted rejects with the reason of the abort and leaves no timer', async () => {
  const called = new AbortController();
  const asleep = clock.sleepUntil(clock.now() + DAY, called.signal);
  const reason = new Error('the state was left');
  called.abort(reason);
  await expect(asleep).rejects.toBe(reason);
  expect(time.alarms).toEqual([]);
  await expect(clock.sleepUntil(clock.now() + DAY, called.signal)).rejects.toBe(reason);
});

test('an alarm rings once, at its instant, and never before it was set; one that was called off does not ring', async () => {
  const rung: string[] = [];
  clock.alarm(clock.now() + 60 * DAY, () => rung.push('far'));
  const callOff = clock.alarm(clock.now() + 60 * DAY, () => rung.push('called off'));
  clock.alarm(clock.now() - 1, () => rung.push('past'));
  expect(rung).toEqual([]);
  await time.pass(30 * DAY);
  callOff();
  await time.pass(30 * DAY - 1);
  expect(rung).toEqual(['past']);
  await time.pass(1);
  expect([rung, time.alarms]).toEqual([['past', 'far'], []]);
});

test('a limit aborts when it is reached, and one that was ended neither aborts nor leaves a timer', async () => {
  const [reached, ended] = [startTimeout(clock, 500), startTimeout(clock, 500)];
  ended.end();
  await time.pass(500);
  expect(reached.signal.reason).toMatchObject({ name: 'TimeoutError' });
  expect([ended.signal.aborted, time.alarms]).toEqual([false, []]);
});

describe.each([
  ['back', -2 * HOUR],
  ['forward', 2 * HOUR],
])('when the system’s clock is set %s', (_, by) => {
  test('a sleep lasts as long as it was asked to, within two percent', async () => {
    let isOver = false;
    void clock.sleepUntil(clock.now() + MINUTE).then(() => {
      isOver = true;
    });
    system.aheadBy = by;
    await time.pass(0.98 * MINUTE);
    expect(isOver).toBe(false);
    await time.pass(0.05 * MINUTE);
    expect(isOver).toBe(true);
  });

  test('our time never jumps, and reaches the system’s time again', async () => {
    system.aheadBy = by;
    let before = clock.now();
    for (let steps = 0; steps < 1_200; steps += 1) {
      await time.pass(5 * MINUTE);
      const passed = clock.now() - before;
      expect(passed).toBeGreaterThanOrEqual(Math.floor(5 * MINUTE * 0.98));
      expect(passed).toBeLessThanOrEqual(5 * MINUTE * 1.02 + 1);
      before = clock.now();
    }
    expect(Math.abs(clock.systemAheadBy())).toBeLessThan(2);
  });

  test('the difference between our clock and the system’s clock is known', () => {
    system.aheadBy = by;
    expect(clock.systemAheadBy()).toBe(by);
  });
});

test('our clock equals a system clock that nobody sets, to the millisecond', async () => {
  for (const ms of [1, 250, 7 * MINUTE, 3 * DAY]) {
    await time.pass(ms);
    expect(clock.now()).toBe(system.wall());
  }
});

test('a limit aborts with its outer signal, for the same reason, and leaves no listener on it', async () => {
  const outer = new AbortController();
  const reason = new Error('the daemon stops');
  const [stopped, ended] = [startTimeout(clock, 500, outer.signal), startTimeout(clock, 500, outer.signal)];
  ended.end();
  outer.abort(reason);
  expect(stopped.signal.reason).toBe(reason);
  expect(ended.signal.aborted).toBe(false);
  expect(startTimeout(clock, 500, outer.signal).signal.reason).toBe(reason);
  stopped.end();
  expect([getEventListeners(outer.signal, 'abort'), time.alarms]).toEqual([[], []]);
});

test('a limit that is reached keeps its own reason when its outer signal aborts later', async () => {
  const outer = new AbortController();
  const limit = startTimeout(clock, 500, outer.signal);
  await time.pass(500);
  outer.abort(new Error('later'));
  expect(limit.signal.reason).toMatchObject({ name: 'TimeoutError' });
  limit.end();
});
