import { expect, test } from 'vitest';
import { aroundJob } from '../../src/journal/story/around-job.ts';
import type { JournalEntry, JournalQuery, StoredJournalEntry } from '../../src/store/tables/journal.ts';

/** A recording of these entries, which counts how many were read. */
function recordingOf(entries: Partial<JournalEntry>[]) {
  const stored = entries.map(
    (entry, index): StoredJournalEntry => ({
      ...{ at: index, actor: 'a', jobId: 0, attempt: 0, host: null, event: 'e', from: '', to: '' },
      ...entry,
      seq: index + 1,
    }),
  );
  const counter = { read: 0 };
  async function* read({ after = 0, before = Infinity, jobId, limit = Infinity, reverse }: JournalQuery) {
    const found = stored.filter(({ seq, jobId: id }) => seq > after && seq < before && (jobId ?? id) === id);
    for (const entry of (reverse ? found.reverse() : found).slice(0, limit)) {
      counter.read += 1;
      yield entry;
    }
  }
  return { recording: { read }, counter };
}
const job = (to: string, host: string | null = 'mini-1') => ({ jobId: 7, host, to });
const breaker = { kind: 'breaker', from: 'closed', to: 'open' } as const;

test('around a job are the changes of its hosts, webhooks, breakers and the daemon in its time', async () => {
  const { recording } = recordingOf([
    breaker,
    job('queued', null),
    { kind: 'host', host: 'mini-1', from: 'healthy', to: 'missed' },
    { kind: 'host', host: 'mini-1', from: 'healthy', to: 'healthy' },
    { kind: 'host', host: 'mini-1', from: 'healthy', to: 'healthy', isTurn: true },
    { kind: 'host', host: 'mini-2', from: 'healthy', to: 'missed' },
    { jobId: 8, host: 'mini-1', to: 'queued' },
    { kind: 'daemon' },
    { kind: 'webhooks', from: 'silent', to: 'trusted' },
    { kind: 'webhooks', from: 'trusted', to: 'trusted' },
    { kind: 'order', host: 'mini-1', event: 'operator.cordoned' },
    job('done'),
    breaker,
  ]);
  const { entries, isCut } = await aroundJob(recording, 7, 0);
  expect(entries.map(({ seq }) => seq)).toEqual([3, 5, 8, 9, 11]);
  expect(isCut).toBe(false);
  expect((await aroundJob(recording, 7, 8)).entries.map(({ seq }) => seq)).toEqual([9, 11]);
  expect(await aroundJob(recording, 9, 0)).toEqual({ entries: [], isCut: false });
});

test('a live job is followed to the present, and of a long time only the newest part is read', async () => {
  const others = Array.from({ length: 12_000 }, () => ({ jobId: 8, to: 'queued' }));
  const { recording, counter } = recordingOf([job('queued'), breaker, ...others, breaker]);
  const { entries, isCut } = await aroundJob(recording, 7, 0);
  expect(entries.map(({ seq }) => seq)).toEqual([12_003]);
  expect(isCut).toBe(true);
  expect(counter.read).toBeLessThan(10_100);
});

test('at most 500 entries are returned, the newest', async () => {
  const { recording } = recordingOf([job('queued'), ...Array.from({ length: 700 }, () => breaker)]);
  const { entries, isCut } = await aroundJob(recording, 7, 0);
  expect([entries.length, entries.at(-1)?.seq, isCut]).toEqual([500, 701, true]);
});
