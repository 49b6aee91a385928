import { expect, test } from 'vitest';
import { type HeldVm, type HoldNeeds, planHolds } from '../../src/placement/plan-holds.ts';

const vm = (key: string, host: string, more: Partial<HeldVm> = {}): HeldVm => ({
  ...{ key, host, asks: false, at: 0 },
  ...more,
});
const plan = (held: HeldVm[], more: Partial<HoldNeeds> = {}) =>
  planHolds({ held, demand: [], isClosed: () => false, ...more });
const anywhere = () => true;
const on =
  (...hosts: string[]) =>
  (host: string) =>
    hosts.includes(host);

test('a VM may be held where nobody needs its slot', () => {
  expect(plan([vm('1', 'a', { asks: true })])).toEqual({ grant: ['1'], end: [] });
  expect(plan([vm('1', 'a')])).toEqual({ grant: [], end: [] });
});

test('a host holds one VM: the first one stays, and a later one is not held', () => {
  const both = [vm('2', 'a', { asks: true, at: 1 }), vm('1', 'a', { at: 2 }), vm('3', 'b', { asks: true })];
  expect(plan(both)).toEqual({ grant: ['3'], end: [{ key: '2', because: 'otherHeld' }] });
  const asking = [vm('2', 'a', { asks: true, at: 2 }), vm('1', 'a', { asks: true, at: 1 })];
  expect(plan(asking)).toEqual({ grant: ['1'], end: [{ key: '2', because: 'otherHeld' }] });
});

test('a host that takes no jobs holds no VM', () => {
  const closed = { isClosed: (host: string) => host === 'a' };
  expect(plan([vm('1', 'a'), vm('2', 'b')], closed).end).toEqual([{ key: '1', because: 'hostClosed' }]);
});

test('a job that waits gets the slot of a held VM that it can use, and the newest hold ends first', () => {
  const held = [vm('1', 'a', { at: 1 }), vm('2', 'b', { at: 2 })];
  expect(plan(held, { demand: [anywhere] }).end).toEqual([{ key: '2', because: 'jobWaits' }]);
  expect(plan(held, { demand: [on('a')] }).end).toEqual([{ key: '1', because: 'jobWaits' }]);
  expect(plan(held, { demand: [on('c')] }).end).toEqual([]);
  expect(plan(held, { demand: [anywhere, anywhere, anywhere] }).end).toHaveLength(2);
});

test('a VM that only asks is refused before a hold ends', () => {
  const held = [vm('1', 'a', { at: 9 }), vm('2', 'b', { asks: true, at: 1 })];
  expect(plan(held, { demand: [anywhere] })).toEqual({
    grant: [],
    end: [{ key: '2', because: 'jobWaits' }],
  });
});

test('a job waits for the slot of a hold that ends anyway, if it can use it there', () => {
  const held = [vm('1', 'a'), vm('2', 'b')];
  const closed = { isClosed: (host: string) => host === 'b' };
  expect(plan(held, { ...closed, demand: [anywhere] }).end).toHaveLength(1);
  expect(plan(held, { ...closed, demand: [anywhere, anywhere] }).end).toHaveLength(2);
  expect(plan(held, { ...closed, demand: [on('a')] }).end).toHaveLength(2);
});
