import { expect, test } from 'vitest';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { setBackRecord } from '../../src/jobs/records/set-back-record.ts';
import { PLACES, rigAt } from '../machines/job-places.ts';

const TWO_HOURS = 2 * 3_600_000;

/** Numbers that look like our instants: GitHub's instants, and the numbers in a warm VM's names. */
const NOT_OURS = ['queuedAt', 'next', 'last'];

/** A record in which each of our instants is set back. */
function setBack(value: unknown, key = ''): unknown {
  if (typeof value === 'number') return value > 1e12 && !NOT_OURS.includes(key) ? value - TWO_HOURS : value;
  if (Array.isArray(value)) return value.map((part) => setBack(part));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, setBack(part, name)]));
}

test.each(Object.keys(PLACES))(
  'in %s every one of our instants is set back, and nothing else',
  async (path) => {
    const rig = await rigAt(path);
    const stored = rig.stored();
    rig.stop();
    const expected = setBack(stored);
    expect(expected).not.toEqual(stored);
    expect(setBackRecord(stored, TWO_HOURS)).toEqual(expected);
    expect(readSnapshot(rig.machine, expected)).not.toHaveProperty('why');
  },
);

test.each([null, 'text', {}, { context: {} }])(
  '%j, which is not a record, is returned unchanged',
  (record) => {
    expect(setBackRecord(record, TWO_HOURS)).toBe(record);
  },
);
