import { describe, expect, test, vi } from 'vitest';
import { PendingCreates } from '../../src/effects/pending-creates.ts';
import { deferred } from '../support/deferred.ts';
import { memoryLedger } from '../support/memory-ledger.ts';
import { ShiftedClock } from './shifted-clock.ts';

const signal = new AbortController().signal;
const ambiguous = { isAmbiguous: () => true, signal };
const clear = { isAmbiguous: () => false, signal };

function rig() {
  const clock = new ShiftedClock();
  const ledger = memoryLedger();
  return { clock, ledger, creates: new PendingCreates(clock, () => 1_000, ledger) };
}

test('a create under a name that has one in flight waits for that one', async () => {
  const { creates } = rig();
  const inFlight = deferred<string>();
  const make = vi.fn(() => inFlight.promise);
  const both = [creates.send('a', make, ambiguous), creates.send('a', make, ambiguous)];
  expect(creates.outcome('a')).toBe('inFlight');
  inFlight.resolve('made');
  expect(await Promise.all(both)).toEqual(['made', 'made']);
  expect(make).toHaveBeenCalledTimes(1);
  expect(creates.outcome('a')).toBe('none');
});

test('a create with an unclear result is unknown until it can have no effect any more', async () => {
  const { creates, clock } = rig();
  const lost = () => Promise.reject(new Error('the connection was lost'));
  await expect(creates.send('a', lost, ambiguous)).rejects.toThrow('lost');
  expect(creates.outcome('a')).toBe('unknown');
  clock.advance(1_000);
  expect(creates.outcome('a')).toBe('none');
  await expect(creates.send('b', lost, clear)).rejects.toThrow('lost');
  expect(creates.outcome('b')).toBe('none');
});

test('a wait for the end of a create that fails does not reject', async () => {
  const { creates } = rig();
  const inFlight = deferred<never>();
  const made = creates.send('a', () => inFlight.promise, clear);
  const ends = [creates.finished('a', signal), creates.allFinished()];
  inFlight.reject(new Error('refused'));
  await expect(made).rejects.toThrow('refused');
  await Promise.all(ends);
});

test('a caller that aborts ends only its own wait: the create is in flight until it ends', async () => {
  const { creates } = rig();
  const inFlight = deferred<string>();
  const leaves = new AbortController();
  const make = vi.fn(() => inFlight.promise);
  const made = creates.send('a', make, { ...clear, signal: leaves.signal });
  await vi.waitFor(() => expect(make).toHaveBeenCalled());
  leaves.abort(new Error('the state was left'));
  await expect(made).rejects.toThrow('the state was left');
  expect(creates.outcome('a')).toBe('inFlight');
  inFlight.resolve('made');
  await creates.finished('a', signal);
  expect(creates.outcome('a')).toBe('none');
});

test('a create that fails after every caller aborted causes no unhandled rejection', async () => {
  const { creates } = rig();
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const inFlight = deferred<never>();
  const leaves = new AbortController();
  const make = vi.fn(() => inFlight.promise);
  const made = creates.send('a', make, { ...clear, signal: leaves.signal });
  await vi.waitFor(() => expect(make).toHaveBeenCalled());
  leaves.abort(new Error('the state was left'));
  await expect(made).rejects.toThrow('the state was left');
  inFlight.reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test('a create is stored before it is sent, and removed from the store when its result is clear', async () => {
  const { creates, ledger } = rig();
  const written = deferred<void>();
  ledger.durable = () => written.promise;
  const make = vi.fn(async () => 'made');
  const sending = creates.send('a', make, clear);
  await Promise.resolve();
  expect([creates.sentAt('a'), make.mock.calls.length]).toEqual([expect.any(Number), 0]);
  written.resolve();
  await sending;
  expect([creates.sentAt('a'), make.mock.calls.length]).toEqual([null, 1]);
});

describe('law 1: a create whose callers left while it was being written down', () => {
  const begin = () => {
    const { creates, ledger } = rig();
    const written = deferred<void>();
    ledger.durable = () => written.promise;
    const leaves = new AbortController();
    const make = vi.fn(async () => 'made');
    const left = creates.send('a', make, { ...ambiguous, signal: leaves.signal });
    left.catch(() => undefined);
    return { creates, ledger, written, leaves, make, left };
  };

  test('is not sent, and leaves nothing to look for', async () => {
    const { creates, ledger, written, leaves, make, left } = begin();
    leaves.abort(new Error('the state was left'));
    await expect(left).rejects.toThrow('the state was left');
    written.resolve();
    await creates.finished('a', signal);
    expect([make.mock.calls.length, creates.outcome('a'), ledger.sentAt('a')]).toEqual([0, 'none', null]);
  });

  test('is sent for the caller who came after that', async () => {
    const { creates, written, leaves, make } = begin();
    leaves.abort(new Error('the state was left'));
    const again = creates.send('a', make, ambiguous);
    written.resolve();
    expect([await again, make.mock.calls.length]).toEqual(['made', 1]);
  });

  test('does not end the create of a caller who comes when it was called off', async () => {
    const { creates, ledger, written, leaves, make } = begin();
    leaves.abort(new Error('the state was left'));
    written.resolve();
    await vi.waitFor(() => expect(creates.outcome('a')).toBe('none'));
    const inFlight = deferred<string>();
    const again = creates.send('a', () => inFlight.promise, ambiguous);
    await new Promise((resolve) => setImmediate(resolve));
    expect([creates.outcome('a'), ledger.sentAt('a')]).not.toContain(null);
    inFlight.resolve('made');
    expect([await again, make.mock.calls.length]).toEqual(['made', 0]);
  });
});

test('a create with an unclear result stays stored until its possible VM was cleaned up', async () => {
  const { creates } = rig();
  await expect(creates.send('a', () => Promise.reject(new Error('lost')), ambiguous)).rejects.toThrow('lost');
  expect(creates.sentAt('a')).not.toBeNull();
  creates.forget('a');
  expect(creates.sentAt('a')).toBeNull();
});
