import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { refuseUsage, scriptOptions } from '../support/script-options.ts';
import { benchTable } from './bench-table.ts';
import { isMet, ROWS, type RowName } from './measure.ts';
import { runBench } from './run-bench.ts';

const SAVED = join(import.meta.dirname, '..', '..', 'docs', 'performance.json');

const USAGE = `npm run bench -- [options]
  --only ROW       one row alone; may be given several times: ${ROWS.join(', ')}
  --quick          small counts: shows that everything runs, and nothing else
  --json FILE      writes the result to a file, or with "-" to standard output instead of the table
  --profile DIR    has Node's profiler watch each measured process; its .cpuprofile files go there
  --save           writes it to docs/performance.json, from which npm run docs makes docs/performance.md
`;

const values = scriptOptions(USAGE, {
  only: { type: 'string', multiple: true },
  quick: { type: 'boolean', default: false },
  json: { type: 'string' },
  profile: { type: 'string' },
  save: { type: 'boolean', default: false },
});
// A signal alone would end this process before what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const unknown = values.only?.find((name) => !(ROWS as readonly string[]).includes(name));
if (unknown !== undefined) refuseUsage(USAGE, `There is no row "${unknown}".`);

if (values.profile !== undefined) process.env.BENCH_PROFILE = resolve(values.profile);

const result = await runBench({
  rows: ROWS.filter((row) => values.only?.includes(row) ?? true),
  quick: values.quick,
  machine: {
    node: process.version,
    platform: process.platform,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? '',
  },
  onRow: (row) => process.stderr.write(`${row} …\n`),
});
const json = `${JSON.stringify(result, null, 2)}\n`;
if (values.json === '-') process.stdout.write(json);
else process.stdout.write(`${benchTable(result)}\n`);
if (values.json !== undefined && values.json !== '-') writeFileSync(values.json, json);
if (values.save) writeFileSync(SAVED, `${JSON.stringify(merged(), null, 2)}\n`);
process.exit(result.rows.every(({ measures }) => measures.every(isMet)) ? 0 : 1);

/** A run of some rows keeps the saved figures of the others. */
function merged() {
  if (values.only === undefined) return result;
  const before = JSON.parse(readFileSync(SAVED, 'utf8')) as typeof result;
  const rowOf = (row: RowName) => [...result.rows, ...before.rows].find((one) => one.row === row);
  const rows = ROWS.flatMap((row) => rowOf(row) ?? []);
  return { ...before, ...result, rows, seconds: rows.reduce((sum, { seconds }) => sum + seconds, 0) };
}
