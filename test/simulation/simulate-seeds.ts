import { parseArgs } from 'node:util';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { planScenario } from './plan-scenario.ts';
import { RECORDED_SEEDS } from './recorded-seeds.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

const USAGE = `npm run simulate:seeds -- [options]
  --seeds N        play N seeds (100) from --from S (1) on
  --recorded       play the seeds that once broke a law
  --seed S         play one seed; --trace prints its plan and everything that happens in it
  --every-crash    play one calm job's life once for each point at which the daemon may die
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    recorded: { type: 'boolean', default: false },
    'every-crash': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const print = (line: string) => process.stdout.write(`${line}\n`);
const total = { scenarios: 0, jobs: 0, served: 0, lives: 0 };
const failed: string[] = [];
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

async function* scenarios(): AsyncGenerator<[name: string, scenario: Scenario]> {
  if (values['every-crash']) {
    const { points } = await runScenario(CALM_SCENARIO);
    print(`one calm job passes ${points.length} points`);
    for (let point = 1; point <= points.length; point += 1)
      yield [`crash ${point}`, { ...CALM_SCENARIO, crashes: [point] }];
    return;
  }
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const seeds = values.recorded
    ? RECORDED_SEEDS.map(({ seed }) => seed)
    : Array.from({ length: count }, (_, index) => first + index);
  for (const seed of seeds) yield [`seed ${seed}`, planScenario(seed)];
}

async function play(name: string, scenario: Scenario): Promise<void> {
  if (values.trace) print(JSON.stringify(scenario, null, 2));
  const result = await runScenario(scenario, values.trace ? { write: print } : {});
  total.scenarios += 1;
  total.jobs += result.jobs;
  total.served += result.served;
  total.lives += result.lives;
  const broken = [
    ...result.broken.map(({ law, what }) => `${law}: ${what}`),
    ...unhandled.splice(0).map((error) => `unhandled: ${error instanceof Error ? error.stack : error}`),
  ];
  if (broken.length > 0) failed.push(name);
  for (const line of broken) print(`${name}: ${line}`);
}

if (values.help) {
  print(USAGE);
  process.exit(0);
}
// Thrown errors are answers here, by the hundred thousand.
if (!values.trace) Error.stackTraceLimit = 0;
const began = performance.now();
const usage = process.cpuUsage();
for await (const [name, scenario] of scenarios()) await play(name, scenario);

const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(usage);
const { jobs, served, lives } = total;
print(
  `${total.scenarios} runs in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU): ` +
    `${jobs} jobs (${(jobs / seconds).toFixed(1)} a second), ${served} of them run, ${lives} lives of the daemon; ` +
    `${failed.length} broke a law${failed.length > 0 ? `: ${failed.join(', ')}` : ''}.`,
);
process.exit(failed.length > 0 ? 1 : 0);
