import { moment, span } from '../../../format.js';
import type { UsageAnswer } from '../../../journal/usage/read-usage.ts';
import { faultsOf, minutes, otherJobs, usageName } from '../../../journal/usage/usage-words.js';
import { printable, textTable } from '../../terminal/terminal-text.ts';

type Usage = UsageAnswer['total'];

/** Returns the usage as aligned columns for a person, with the sum of all as the last row. */
export function usageTable({ since, until, by, rows, total }: UsageAnswer): string[] {
  const title = `Usage by ${by}, from ${moment(since)} to ${moment(until)}.`;
  if (rows.length === 0) return [title, 'Nothing was used.'];
  const head = [by.toUpperCase(), 'JOBS', 'OK', 'FAILED', 'LOST', 'OTHER'];
  const columns = [...head, 'JOB MIN', 'SLOT MIN', 'VMS', 'WAIT MEDIAN', 'WAIT P95', 'FAILED BY'];
  const cells = [
    columns,
    ...rows.map((usage) => cellsOf(printable(usageName(by, usage.name)), usage)),
    cellsOf('all', total),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number) => column === 0 || column === columns.length - 1;
  const aligned = cells.map((row) =>
    row.map((cell, column) => (isText(column) ? cell : cell.padStart(widths[column] ?? 0))),
  );
  return [title, ...textTable(aligned)];
}

function cellsOf(name: string, usage: Usage): string[] {
  const { jobs, outcomes, vms, jobMs, slotMs, waits } = usage;
  const wait = (ms: number) => (waits.count === 0 ? '-' : span(ms));
  return [
    name,
    String(jobs),
    String(outcomes.succeeded ?? 0),
    String(outcomes.failed ?? 0),
    String(outcomes.lost ?? 0),
    String(otherJobs(usage)),
    minutes(jobMs),
    minutes(slotMs),
    String(vms),
    wait(waits.median),
    wait(waits.p95),
    faultsOf(usage),
  ];
}
