import { expect, test, vi } from 'vitest';
import { UnconfirmedCalls, untilAborted } from '../../src/effects/pending-creates.ts';
import { deferred } from './deferred.ts';
import { ShiftedClock } from './shifted-clock.ts';

const always = () => true;
const never = () => false;

function calls(settle = 1_000) {
  const clock = new ShiftedClock();
  return { clock, calls: new UnconfirmedCalls(clock, settle) };
}

test('a call under a name that has one running joins it', async () => {
  const { calls: at } = calls();
  const running = deferred<string>();
  const make = vi.fn(() => running.promise);
  const both = [at.run('a', make, always), at.run('a', make, always)];
  expect(at.outcome('a')).toBe('running');
  running.resolve('made');
  expect(await Promise.all(both)).toEqual(['made', 'made']);
  expect(make).toHaveBeenCalledTimes(1);
  expect(at.outcome('a')).toBe('none');
});

test('a call whose end says nothing is unknown until it can have no effect any more', async () => {
  const { calls: at, clock } = calls();
  const lost = () => Promise.reject(new Error('the connection was lost'));
  await expect(at.run('a', lost, always)).rejects.toThrow('lost');
  expect(at.outcome('a')).toBe('unknown');
  clock.advance(1_000);
  expect(at.outcome('a')).toBe('none');
  await expect(at.run('b', lost, never)).rejects.toThrow('lost');
  expect(at.outcome('b')).toBe('none');
});

test('who waits for the end of a call that fails is not failed by it', async () => {
  const { calls: at } = calls();
  const running = deferred<never>();
  const made = at.run('a', () => running.promise, never);
  const ends = [at.ended('a'), at.allEnded()];
  running.reject(new Error('refused'));
  await expect(made).rejects.toThrow('refused');
  await Promise.all(ends);
});

test('a call that fails after everybody has left ends quietly', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const running = deferred<never>();
  const left = AbortSignal.abort(new Error('the state was left'));
  await expect(untilAborted(running.promise, left)).rejects.toThrow('the state was left');
  running.reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
