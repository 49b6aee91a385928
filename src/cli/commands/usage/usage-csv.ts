import { BLAMES } from '../../../../machines/failure.ts';
import { JOB_OUTCOMES } from '../../../../machines/job/job-end.ts';
import type { UsageAnswer } from '../../../journal/usage/read-usage.ts';

type Usage = UsageAnswer['total'];

const FAULTS = [...BLAMES, 'unknown'] as const;

const COLUMNS: [name: string, read: (usage: Usage) => number][] = [
  ['jobs', ({ jobs }) => jobs],
  ...JOB_OUTCOMES.map((outcome): (typeof COLUMNS)[number] => [
    snake(outcome),
    ({ outcomes }) => outcomes[outcome] ?? 0,
  ]),
  ...FAULTS.map((blame): (typeof COLUMNS)[number] => [
    `failed_by_${blame}`,
    ({ failures }) => failures[blame] ?? 0,
  ]),
  ['vms', ({ vms }) => vms],
  ...BLAMES.map((blame): (typeof COLUMNS)[number] => [
    `attempts_failed_by_${blame}`,
    ({ failedAttempts }) => failedAttempts[blame] ?? 0,
  ]),
  ['job_minutes', ({ jobMs }) => inUnit(jobMs, 60_000)],
  ['slot_minutes', ({ slotMs }) => inUnit(slotMs, 60_000)],
  ['waits', ({ waits }) => waits.count],
  ['wait_median_seconds', ({ waits }) => inUnit(waits.median, 1_000)],
  ['wait_p95_seconds', ({ waits }) => inUnit(waits.p95, 1_000)],
  ['wait_longest_seconds', ({ waits }) => inUnit(waits.longest, 1_000)],
];

/** Returns the usage as lines of CSV (RFC 4180) with a header. Each line has the range, so that files can be joined. */
export function usageCsv({ since, until, by, rows }: UsageAnswer): string[] {
  const range = [since, until].map((at) => new Date(at).toISOString());
  const lines = rows.map((usage) => [
    ...range,
    usage.name,
    ...COLUMNS.map(([, read]) => String(read(usage))),
  ]);
  return [['since', 'until', by, ...COLUMNS.map(([name]) => name)], ...lines].map((cells) =>
    cells.map(cellOf).join(','),
  );
}

const cellOf = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const inUnit = (ms: number, unit: number) => Math.round((ms / unit) * 1_000) / 1_000;

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
