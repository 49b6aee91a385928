import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobSnapshot } from '../../src/dispatch/job-actors.ts';
import { SlotBook } from '../../src/dispatch/slot-book.ts';
import { slotClaims } from '../../src/dispatch/slot-claims.ts';
import { VM } from '../machines/job-samples.ts';
import { STATES, snapshotAt } from '../machines/job-step.ts';

const HOSTS = ['mini-1', 'mini-2'];

const step = fc.record({
  key: fc.constantFrom('1', '2', '3', '4'),
  state: fc.option(fc.constantFrom(...STATES), { freq: 6 }),
  host: fc.constantFrom(...HOSTS),
  attempt: fc.integer({ min: 1, max: 2 }),
});

function at(state: string, key: string, host: string, attempt: number): JobSnapshot {
  const sample = snapshotAt(state);
  const vm = sample.context.vm && { ...VM, host, name: `gh-a-${key}-${attempt}` };
  return snapshotAt(state, { vm }) as JobSnapshot;
}

test('after any transitions the book says what asking every actor would', () => {
  const run = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const book = new SlotBook();
    const live = new Map<string, JobSnapshot>();
    for (const { key, state, host, attempt } of steps) {
      const snapshot = state === null ? null : at(state, key, host, attempt);
      book.note(key, snapshot);
      if (snapshot?.status === 'active') live.set(key, snapshot);
      else live.delete(key);

      const claims = slotClaims([...live.values()].map((one) => ({ snapshot: one })));
      for (const name of HOSTS) expect(book.claimsOn(name)).toEqual(claims.get(name) ?? new Set());
      const queued = [...live].filter(
        ([, one]) => one.matches('queued') && one.context.job.status === 'queued',
      );
      expect(new Set(book.waiting().map((job) => job.key))).toEqual(new Set(queued.map(([id]) => id)));
    }
  });
  fc.assert(run);
});

test('a slot that is given back is told once, with its host', () => {
  const book = new SlotBook();
  expect(book.note('1', at('creating.acting', '1', 'mini-1', 1))).toBeNull();
  expect(book.note('1', at('starting.acting', '1', 'mini-1', 1))).toBeNull();
  expect(book.note('1', null)).toBe('mini-1');
  expect(book.note('1', null)).toBeNull();
});
