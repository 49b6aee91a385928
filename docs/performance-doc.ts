import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellsOf } from '../test/bench/bench-table.ts';
import type { BenchResult, RowResult } from '../test/bench/measure.ts';
import { markdownTable } from './markdown.ts';
import { PERFORMANCE_PROFILES, PERFORMANCE_WORDS } from './performance-words.ts';

const HEAD = `# Performance

What does the daemon add to a job, and what does it need? \`npm run bench\` measures everything on this page. \`npm run bench -- --json FILE\` writes the figures as JSON, \`--only ROW\` measures one row, and \`--save\` keeps the figures for this page. Only counts have limits, and ratios of two figures of the same run on the same machine. The last column has absolute times, which are valid for that machine only. Words such as slot and attempt are explained in [architecture](architecture.md#words).
`;

/** Returns the text of `performance.md`: the figures of the last run that was saved, and how they are measured. */
export function generatePerformanceDoc(): string {
  const text = readFileSync(join(import.meta.dirname, 'performance.json'), 'utf8');
  const { measuredAt, machine, seconds, rows } = JSON.parse(text) as BenchResult;
  const ran = `Measured on ${measuredAt.slice(0, 10)} in ${Math.round(seconds)} s: ${machine.cpus} cores (${machine.cpu}), ${machine.platform}, Node ${machine.node}.`;
  return [HEAD, ran, '', ...rows.map((row) => sectionOf(row, machine.cpus)), profiles()].join('\n');
}

function sectionOf({ row, measures, skipped, load = 0 }: RowResult, cpus: number): string {
  const { title, how, bounds, next } = PERFORMANCE_WORDS[row];
  const table = markdownTable(
    ['figure', 'value', 'limit', 'of the limit', '', 'on this machine'],
    measures.map(cellsOf),
  );
  const notes = skipped.map((why) => `Not measured: ${why}\n`);
  if (load > cpus)
    notes.push(`Other programs kept the machine busy: its load was ${load.toFixed(0)} on ${cpus} cores.\n\n`);
  return `## ${title}\n\n${table}\n\n${notes.join('\n')}${how}\n\n**What bounds it.** ${bounds}\n\n**Where the next gain is.** ${next}\n`;
}

function profiles(): string {
  if (PERFORMANCE_PROFILES.length === 0) return '';
  const rows = PERFORMANCE_PROFILES.map((row) => [...row]);
  return `## Profiles\n\nThe largest costs in Node’s own profiler (\`npm run bench -- --profile DIR\`), as shares of the thread’s busy time, before and after a change reduced them.\n\n${markdownTable(['of', 'before', 'after'], rows)}\n`;
}
