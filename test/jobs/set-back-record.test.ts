import { expect, test } from 'vitest';
import { readSnapshot } from '../../src/jobs/read-snapshot.ts';
import { setBackRecord } from '../../src/jobs/set-back-record.ts';
import { PLACES, rigAt } from '../machines/job-places.ts';

const TWO_HOURS = 2 * 3_600_000;

/** Numbers that look like an instant of ours: GitHub's own, and those of a warm VM's names. */
const NOT_OURS = ['queuedAt', 'next', 'last'];

/** A record with each instant of ours set back. */
function setBack(value: unknown, key = ''): unknown {
  if (typeof value === 'number') return value > 1e12 && !NOT_OURS.includes(key) ? value - TWO_HOURS : value;
  if (Array.isArray(value)) return value.map((part) => setBack(part));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, setBack(part, name)]));
}

test.each(Object.keys(PLACES))('in %s every instant of ours is set back, and nothing else', async (path) => {
  const rig = await rigAt(path);
  const stored = rig.stored();
  rig.stop();
  const expected = setBack(stored);
  expect(expected).not.toEqual(stored);
  expect(setBackRecord(stored, TWO_HOURS)).toEqual(expected);
  expect(readSnapshot(rig.machine, expected)).not.toHaveProperty('why');
});

test.each([null, 'text', {}, { context: {} }])('%j is left to the one who reads it', (record) => {
  expect(setBackRecord(record, TWO_HOURS)).toBe(record);
});
