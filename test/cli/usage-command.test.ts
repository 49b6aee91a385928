import { expect, test } from 'vitest';
import { usageCommand } from '../../src/cli/commands/usage/usage-command.ts';
import type { AdminSource } from '../../src/http/admin/api/api-routes.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';
import { JOB, VM } from '../machines/job-samples.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { runningDaemon } from './running-daemon.ts';

const BEGAN = new Date(2026, 10, 23, 8).getTime();
const MINUTE = 60_000;
const range = { since: BEGAN, until: BEGAN + 60 * MINUTE } as const;

/** A job that waits for a minute, has a slot for five, runs for three of them, and ends like this. */
function life(id: number, repository: string, outcome: 'succeeded' | 'failed'): StoredJournalEntry[] {
  const job = { ...JOB, id, owner: 'acme', repository, profile: 'ios', queuedAt: BEGAN };
  const base = { actor: String(id), jobId: id, attempt: 1, host: 'mini-1', event: 'e' };
  const at = (minute: number, from: string, to: string, more: Partial<StoredJournalEntry> = {}) => ({
    ...{ ...base, seq: 0, at: BEGAN + minute * MINUTE, from, to, ...more },
  });
  const blame = outcome === 'failed' ? ('job' as const) : null;
  const vm = { ...VM, host: 'mini-1', profile: 'ios' };
  return [
    at(0, '', 'queued', { changed: { job, vm: null } }),
    at(0, 'queued', 'creating.acting', { changed: { vm } }),
    at(1, 'creating.acting', 'running.busy.watching', {
      changed: { job: { ...job, status: 'in_progress' } },
    }),
    at(4, 'running.busy.watching', 'running.finishing.watching', {
      changed: { job: { ...job, status: 'completed' } },
    }),
    at(5, 'running.finishing.watching', 'done', { end: { outcome, blame, cause: null } }),
  ];
}

const entries = [...life(1, 'app', 'succeeded'), ...life(2, 'app', 'failed'), ...life(3, 'lib', 'succeeded')]
  .sort((a, b) => a.at - b.at)
  .map((entry, index) => ({ ...entry, seq: index + 1, since: 1 }));

const source: Partial<AdminSource> = {
  recording: {
    seq: () => entries.length,
    durable: async () => undefined,
    async *read({ after = 0, limit = Infinity }) {
      yield* entries.slice(after, after + limit);
    },
    seqAt: async () => 1,
    subscribe: () => () => undefined,
  },
};

const asked = async (options: Partial<Parameters<typeof usageCommand>[0]> = {}) => {
  await using daemon = await runningDaemon(source);
  const { terminal, lines } = recordingTerminal();
  const all = { by: 'repository', format: 'table', ...range, config: daemon.config, ...options } as const;
  return { status: await usageCommand(all, terminal), ...lines };
};

test('a table shows for each repository its jobs, minutes, VMs, waits, and whose fault the failures were', async () => {
  const { status, out, err } = await asked();
  expect(out).toEqual([
    'Usage by repository, from 2026-11-23 08:00:00 to 2026-11-23 09:00:00.',
    'REPOSITORY  JOBS  OK  FAILED  LOST  OTHER  JOB MIN  SLOT MIN  VMS  WAIT MEDIAN  WAIT P95  FAILED BY',
    'acme/app       2   1       1     0      0      6.0        10    2        1 min     1 min  the job itself 1',
    'acme/lib       1   1       0     0      0      3.0       5.0    1        1 min     1 min',
    'all            3   2       1     0      0      9.0        15    3        1 min     1 min  the job itself 1',
  ]);
  expect({ status, err }).toEqual({ status: 0, err: [] });
});

test('CSV has a line for each row, with the range, every outcome and every fault', async () => {
  const { out } = await asked({ by: 'host', format: 'csv' });
  const [head = [], row = []] = out.map((line) => line.split(','));
  expect(out).toHaveLength(2);
  const cells = Object.fromEntries(head.map((name, index) => [name, row[index]]));
  expect(cells).toMatchObject({
    since: new Date(range.since).toISOString(),
    host: 'mini-1',
    jobs: '3',
    succeeded: '2',
    not_ours: '0',
    failed_by_job: '1',
    attempts_failed_by_image: '0',
    job_minutes: '9',
    slot_minutes: '15',
    wait_median_seconds: '60',
  });
});

test('JSON is what the daemon returned, and a journal that begins later is told on standard error', async () => {
  const { out, err } = await asked({ json: true, since: BEGAN - MINUTE });
  expect(JSON.parse(out.join(''))).toMatchObject({ by: 'repository', firstAt: BEGAN, total: { jobs: 3 } });
  expect(err).toEqual(['The journal begins at 2026-11-23 08:00:00: nothing before that is in the figures.']);
});

test('a range without use says so, and one without a length is refused', async () => {
  expect((await asked({ since: BEGAN + 30 * MINUTE })).out).toEqual([
    'Usage by repository, from 2026-11-23 08:30:00 to 2026-11-23 09:00:00.',
    'Nothing was used.',
  ]);
  await expect(asked({ since: range.until })).rejects.toThrow(/--since that is before --until/);
});

test('the API refuses a range without a length, an instant that is not a number, and another "by"', async () => {
  await using daemon = await runningDaemon(source);
  const refused = async (query: string) => {
    const response = await fetch(`${daemon.url}/api/usage?${query}`);
    return [response.status, ((await response.json()) as { message: string }).message];
  };
  expect(await refused('since=5&until=5')).toEqual([400, expect.stringContaining('"since"')]);
  expect(await refused('since=yesterday')).toEqual([400, expect.stringContaining('milliseconds')]);
  expect(await refused('by=colour')).toEqual([400, expect.stringContaining('repository, profile, host')]);
});
