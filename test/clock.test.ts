import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTimeout, systemClock } from '../src/clock.ts';

const DAY = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a sleep ends at its instant, and one whose instant has passed ends at once', async () => {
  const woken: string[] = [];
  const sleep = (name: string, at: number) => systemClock.sleepUntil(at).then(() => woken.push(name));
  void sleep('later', Date.now() + 1_000);
  void sleep('past', Date.now() - 1);
  await vi.advanceTimersByTimeAsync(999);
  expect(woken).toEqual(['past']);
  await vi.advanceTimersByTimeAsync(1);
  expect(woken).toEqual(['past', 'later']);
});

test('a sleep that is longer than Node’s longest timer is slept in pieces', async () => {
  let isOver = false;
  void systemClock.sleepUntil(Date.now() + 60 * DAY).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(60 * DAY - 1);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver).toBe(true);
});

test('a sleep that is called off rejects with the very reason and leaves no timer', async () => {
  const called = new AbortController();
  const asleep = systemClock.sleepUntil(Date.now() + DAY, called.signal);
  const reason = new Error('the state was left');
  called.abort(reason);
  await expect(asleep).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
  await expect(systemClock.sleepUntil(Date.now() + DAY, called.signal)).rejects.toBe(reason);
});

test('a limit aborts when it is reached, and one that was ended neither aborts nor leaves a timer', async () => {
  const [reached, ended] = [startTimeout(systemClock, 500), startTimeout(systemClock, 500)];
  ended.end();
  await vi.advanceTimersByTimeAsync(500);
  expect(reached.signal.reason).toMatchObject({ name: 'TimeoutError' });
  expect([ended.signal.aborted, vi.getTimerCount()]).toEqual([false, 0]);
});

test('a limit ends as its outer signal does, with the same reason, and lets go of it', async () => {
  const outer = new AbortController();
  const reason = new Error('the daemon stops');
  const [stopped, ended] = [
    startTimeout(systemClock, 500, outer.signal),
    startTimeout(systemClock, 500, outer.signal),
  ];
  ended.end();
  outer.abort(reason);
  expect(stopped.signal.reason).toBe(reason);
  expect(ended.signal.aborted).toBe(false);
  expect(startTimeout(systemClock, 500, outer.signal).signal.reason).toBe(reason);
  stopped.end();
  expect([getEventListeners(outer.signal, 'abort'), vi.getTimerCount()]).toEqual([[], 0]);
});

test('a limit that is reached keeps its own reason when its outer signal aborts later', async () => {
  const outer = new AbortController();
  const limit = startTimeout(systemClock, 500, outer.signal);
  await vi.advanceTimersByTimeAsync(500);
  outer.abort(new Error('later'));
  expect(limit.signal.reason).toMatchObject({ name: 'TimeoutError' });
  limit.end();
});
