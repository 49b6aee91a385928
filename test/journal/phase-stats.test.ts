import { expect, test } from 'vitest';
import { PhaseStats } from '../../src/journal/phase-stats.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';

const entry = (
  actor: string,
  at: number,
  from: string,
  to: string,
  more: Partial<StoredJournalEntry> = {},
) => ({
  ...{ seq: at + 1, at, actor, jobId: 1, attempt: 1, host: null, event: 'e', from, to, ...more },
});

test('a stay in a state lasts through its substates, and each of those is counted too', () => {
  const stats = new PhaseStats();
  stats.add(entry('a', 0, '', 'queued'));
  stats.add(entry('a', 10, 'queued', 'creating.acting'));
  stats.add(entry('a', 15, 'creating.acting', 'creating.waiting', { detail: { code: 'HOST_BUSY' } }));
  stats.add(entry('a', 25, 'creating.waiting', 'creating.acting'));
  stats.add(entry('a', 40, 'creating.acting', 'starting.acting'));
  expect(stats.of('queued')).toEqual({ stays: 1, median: 10, p95: 10, failures: 0 });
  expect(stats.of('creating')).toEqual({ stays: 1, median: 30, p95: 30, failures: 1 });
  expect(stats.of('creating.acting')).toMatchObject({ stays: 2, failures: 1 });
  expect(stats.of('creating.waiting')).toMatchObject({ stays: 1, median: 10 });
});

test('median and p95 are computed over the newest 500 stays', () => {
  const stats = new PhaseStats();
  for (let n = 1; n <= 700; n += 1) {
    stats.add(entry(`a${n}`, 0, '', 'queued'));
    stats.add(entry(`a${n}`, n, 'queued', 'done'));
  }
  expect(stats.of('queued')).toEqual({ stays: 500, median: 451, p95: 676, failures: 0 });
});

test('a stay during which the daemon restarted is not counted', () => {
  const stats = new PhaseStats();
  stats.add(entry('a', 0, '', 'queued'));
  stats.add(entry('daemon', 5, '', '', { kind: 'daemon' }));
  stats.add(entry('a', 6, 'queued', 'queued', { event: 'daemon.restarted' }));
  stats.add(entry('a', 9, 'queued', 'creating.acting'));
  expect(stats.of('queued').stays).toBe(0);
});
