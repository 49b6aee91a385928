import { expect, test } from 'vitest';
import { createActor, setup, toPromise } from 'xstate';
import { invokeDeadline, invokeWait, waitUntil as waits } from '../machines/waits.ts';
import { SteadyClock } from '../src/steady-clock.ts';
import { waitUntil } from '../src/wait-until.ts';
import { ManualClock, settled } from './support/manual-clock.ts';
import { SettableTime } from './support/settable-time.ts';

const MINUTE = 60_000;

function waiting(after: number, looksFor = 0) {
  const time = new ManualClock();
  const clock = new SteadyClock(new SettableTime(time));
  const input = { at: clock.now() + after, looksFor };
  const actor = createActor(waitUntil(clock), { input }).start();
  const isOver = () => actor.getSnapshot().status === 'done';
  return { time, actor, isOver };
}

test('a wait ends at its instant, at once when that has passed', async () => {
  expect(await toPromise(waiting(-1).actor)).toBeNull();
  const { time, actor, isOver } = waiting(10);
  await time.pass(9);
  expect(isOver()).toBe(false);
  await time.pass(1);
  expect(await toPromise(actor)).toBeNull();
});

test('a wait leaves no timer and has no result when its state is left', async () => {
  const { time, actor } = waiting(MINUTE);
  expect(time.alarms).toHaveLength(1);
  actor.stop();
  await settled();
  expect([time.alarms, actor.getSnapshot().output]).toEqual([[], undefined]);
});

test('law 13: a deadline that passed while the daemon slept ends later, after time for a fresh look', async () => {
  const { time, actor, isOver } = waiting(MINUTE, 8_000);
  time.advance(20 * MINUTE);
  await time.pass(7_999);
  expect(isOver()).toBe(false);
  await time.pass(1);
  expect(await toPromise(actor)).toBeNull();
});

test('law 13: a deadline that passed while the daemon was down ends later too', async () => {
  const { time, isOver } = waiting(-MINUTE, 8_000);
  await time.pass(7_999);
  expect(isOver()).toBe(false);
  await time.pass(1);
  expect(isOver()).toBe(true);
});

/** A state that tries something every 20 s until its deadline, and the actor that is in it. */
function trying(after: number) {
  const time = new ManualClock();
  const clock = new SteadyClock(new SettableTime(time));
  const now = () => clock.now();
  const deadlineAt = now() + after;
  const span = () => ({ from: deadlineAt - 10 * MINUTE, to: deadlineAt });
  const s = setup({ actors: { waitUntil: waits } });
  const again = (to: 'acting' | 'waiting', ms: number) => ({
    invoke: [invokeDeadline('deadline', span, 'over'), invokeWait('next', () => now() + ms, to)],
  });
  const machine = s.createMachine({
    initial: 'acting',
    states: { acting: again('waiting', 20_000), waiting: again('acting', 1_000), over: { type: 'final' } },
  });
  const actor = createActor(machine.provide({ actors: { waitUntil: waitUntil(clock) } })).start();
  return { time, at: () => actor.getSnapshot().value };
}

test('law 13: the fresh look is one, however often the tries begin their wait again', async () => {
  const down = trying(-MINUTE);
  await down.time.pass(MINUTE - 1);
  expect(down.at()).not.toBe('over');
  await down.time.pass(1);
  expect(down.at()).toBe('over');

  const asleep = trying(10 * MINUTE);
  await asleep.time.pass(MINUTE);
  asleep.time.advance(20 * MINUTE);
  await asleep.time.pass(MINUTE - 1);
  expect(asleep.at()).not.toBe('over');
  await asleep.time.pass(1);
  expect(asleep.at()).toBe('over');
});

test('law 13: a sleep in the midst of the fresh look is followed by another one', async () => {
  const { time, at } = trying(-MINUTE);
  await time.pass(30_000);
  time.advance(20 * MINUTE);
  await time.pass(MINUTE - 1);
  expect(at()).not.toBe('over');
  await time.pass(1);
  expect(at()).toBe('over');
});

test('a machine that is some seconds late because of load extends no deadline', async () => {
  const { time, isOver } = waiting(MINUTE, 8_000);
  time.advance(MINUTE + 4_000);
  await settled();
  expect(isOver()).toBe(true);
});

test('a pause before the next try ends at once after a sleep', async () => {
  const { time, actor } = waiting(MINUTE);
  time.advance(20 * MINUTE);
  expect(await toPromise(actor)).toBeNull();
});
