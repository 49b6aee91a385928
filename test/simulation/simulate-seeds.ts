import { parseArgs } from 'node:util';
import { planScenario } from './plan-scenario.ts';
import { runScenario } from './run-scenario.ts';

// npm run simulate:seeds -- --seeds N [--from S] | --seed S [--trace]
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

const print = (line: string) => process.stdout.write(`${line}\n`);
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const began = performance.now();
const usage = process.cpuUsage();
// Thrown errors are answers here, by the hundred thousand.
if (!values.trace) Error.stackTraceLimit = 0;
const failed: number[] = [];
let [jobs, served, lives] = [0, 0, 0];
let unhandled: unknown = null;
process.on('unhandledRejection', (error) => {
  unhandled = error;
});

for (let seed = first; seed < first + count; seed += 1) {
  const scenario = planScenario(seed);
  if (values.trace) print(JSON.stringify(scenario, null, 2));
  const result = await runScenario(scenario, values.trace ? { write: print } : {});
  jobs += result.jobs;
  served += result.served;
  lives += result.lives;
  const broken = [
    ...result.broken.map(({ law, what }) => `${law}: ${what}`),
    ...(unhandled === null ? [] : [`unhandled: ${unhandled instanceof Error ? unhandled.stack : unhandled}`]),
  ];
  unhandled = null;
  if (broken.length > 0) failed.push(seed);
  for (const line of broken) print(`seed ${seed}: ${line}`);
}

const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(usage);
print(
  `${count} seeds in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU): ${jobs} jobs (${(jobs / seconds).toFixed(0)} a second), ${served} of them run, ` +
    `${lives} lives of the daemon; ${failed.length} seeds broke a law${failed.length > 0 ? `: ${failed.join(' ')}` : ''}.`,
);
process.exit(failed.length > 0 ? 1 : 0);
