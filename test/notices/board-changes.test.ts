import { expect, test } from 'vitest';
import type { Item } from '../../src/journal/attention/attention.js';
import { afterTold, boardChanges, isPending } from '../../src/notices/board-changes.ts';
import type { StoredNotice } from '../../src/store/tables/notices.ts';

const host = (n = 1): Item => ({
  key: `host mini-${n}`,
  kind: 'host',
  mood: 'warn',
  what: `Host mini-${n}`,
  sentence: 'It does not answer.',
  whom: `jobs on mini-${n}`,
  act: 'Its owner.',
  since: null,
  shows: {},
  link: null,
});
const lostJob: Item = { ...host(), key: 'ended 7', kind: 'job', what: 'Job build' };

/** One receiver's board, which is looked at every five seconds. */
function board() {
  const rows = new Map<string, StoredNotice>();
  let fresh: ReadonlyMap<string, number> = new Map();
  let now = 0;
  return {
    rows,
    look(items: Item[], seconds = 5) {
      for (let passed = 0; passed < seconds; passed += 5) {
        now += 5_000;
        const changes = boardChanges(rows, fresh, items, now);
        for (const row of changes.put) rows.set(row.key, row);
        for (const key of changes.delete) rows.delete(key);
        fresh = changes.fresh;
      }
    },
    pending: () => [...rows.values()].filter(isPending),
    tell() {
      for (const row of [...rows.values()].filter(isPending)) {
        const left = afterTold(row, row, now);
        if (left) rows.set(row.key, left);
        else rows.delete(row.key);
      }
    },
    get now() {
      return now;
    },
  };
}

test('what is wrong for a moment is not told, what lasts is told once, from its beginning', () => {
  const one = board();
  one.look([host()], 10);
  one.look([]);
  expect(one.rows.size).toBe(0);
  one.look([host()], 20);
  expect(one.pending()).toMatchObject([{ begunAt: 20_000, endedAt: null }]);
  one.tell();
  one.look([host()], 600);
  expect(one.pending()).toEqual([]);
});

test('what is right again for a minute is over, and what flutters is told once', () => {
  const one = board();
  one.look([host()], 20);
  one.tell();
  for (let n = 0; n < 20; n += 1) {
    one.look([], 50);
    one.look([host()], 5);
  }
  expect(one.pending()).toEqual([]);
  const rightAgain = one.now + 5_000;
  one.look([], 70);
  expect(one.pending()).toMatchObject([{ isTold: true, endedAt: rightAgain }]);
  one.tell();
  expect(one.rows.size).toBe(0);
});

test('what is over and comes back before that is told, goes on', () => {
  const one = board();
  one.look([host()], 20);
  one.tell();
  one.look([], 70);
  one.look([host()]);
  expect(one.pending()).toEqual([]);
  expect(one.rows.size).toBe(1);
});

test('a receiver that could not be told hears that it was wrong and is over', () => {
  const one = board();
  one.look([host()], 20);
  one.look([], 70);
  expect(one.pending()).toMatchObject([{ isTold: false, endedAt: expect.any(Number) }]);
});

test('a lost job is told at once, and never over', () => {
  const one = board();
  one.look([lostJob]);
  expect(one.pending()).toHaveLength(1);
  one.look([], 600);
  expect(one.pending()).toMatchObject([{ endedAt: null }]);
  one.tell();
  one.look([], 5);
  expect(one.rows.size).toBe(0);
});

test('news while a message is under way is still to be told', () => {
  const told = { ...rowOf(), isTold: false };
  const endedSince = { ...told, missingSince: 50, endedAt: 50 };
  expect(afterTold(told, endedSince, 90)).toMatchObject({ isTold: true, endedAt: 50 });
  const over = { ...told, isTold: true, missingSince: 50, endedAt: 50 };
  expect(afterTold(over, { ...over, missingSince: null, endedAt: null }, 90)).toMatchObject({
    isTold: false,
    begunAt: 90,
  });
  expect(afterTold(over, over, 90)).toBeNull();
});

test('a clock that was set back does not keep what is over', () => {
  const known = new Map([['host mini-1', { ...rowOf(), missingSince: 1_000_000 }]]);
  const { put } = boardChanges(known, new Map(), [], 5_000);
  expect(put).toMatchObject([{ missingSince: 5_000, endedAt: null }]);
});

test('a flood of things is bounded', () => {
  const one = board();
  one.look(
    Array.from({ length: 2_000 }, (_, n) => host(n)),
    60,
  );
  expect(one.rows.size).toBe(300);
});

function rowOf(): StoredNotice {
  const { since, shows, ...rest } = host();
  return { ...rest, begunAt: 0, missingSince: null, endedAt: null, isTold: true };
}
