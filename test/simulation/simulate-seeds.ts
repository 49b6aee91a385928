import { availableParallelism } from 'node:os';
import { refuseUsage, scriptOptions, wholeNumber } from '../support/script-options.ts';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { planWithControllers } from './controllers/plan-with-controllers.ts';
import { RECORDED_WITH_CONTROLLERS } from './controllers/recorded-with-controllers.ts';
import { planScenario } from './plan-scenario.ts';
import { TROUBLE_KINDS } from './plan-troubles.ts';
import { playScenarios } from './play-scenarios.ts';
import { RECORDED_SEEDS } from './recorded-seeds.ts';
import { RECORDED_WORLD_SEEDS } from './recorded-world-seeds.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { type Range, shareScenarios } from './share-scenarios.ts';

const USAGE = `npm run simulate:seeds -- [options]
  --seeds N        play N seeds (100) from --from S (1) on
  --recorded       play the seeds that once broke a law
  --seed S         play one seed; --trace prints its plan and everything that happens in it
  --every-crash    play one calm job's life once for each point at which the daemon may die
  --controllers N  have N controllers on one database (2 or 3) in each seed
  --trouble KIND   have each seed draw this kind for certain, and none that is not named; may be given again
  --workers W      processes (one for each core)
`;

const values = scriptOptions(USAGE, {
  seeds: { type: 'string', default: '100' },
  from: { type: 'string', default: '1' },
  seed: { type: 'string' },
  trace: { type: 'boolean', default: false },
  recorded: { type: 'boolean', default: false },
  'every-crash': { type: 'boolean', default: false },
  controllers: { type: 'string' },
  trouble: { type: 'string', multiple: true, default: [] },
  workers: { type: 'string', default: String(availableParallelism()) },
});
const number = (option: 'seeds' | 'from' | 'workers') => wholeNumber(USAGE, `--${option}`, values[option]);

const print = (line: string) => process.stdout.write(`${line}\n`);

const named = TROUBLE_KINDS.filter((kind) => values.trouble.includes(kind));
if (named.length < values.trouble.length)
  refuseUsage(USAGE, `--trouble takes one of: ${TROUBLE_KINDS.join(', ')}.`);

const controllers = values.controllers === undefined ? null : Number(values.controllers);
if (controllers !== null && controllers !== 2 && controllers !== 3)
  refuseUsage(USAGE, '--controllers takes 2 or 3.');
const only = values.seed === undefined ? null : wholeNumber(USAGE, '--seed', values.seed);

function plan(seed: number): Scenario {
  const choice = named.length > 0 ? { kinds: named, isCertain: true } : undefined;
  return controllers === null ? planScenario(seed, choice) : planWithControllers(seed, controllers, choice);
}

function* seeds({ from, count }: Range): Generator<[string, Scenario]> {
  for (let seed = from; seed < from + count; seed += 1) yield [`seed ${seed}`, plan(seed)];
}

function* crashes({ from, count }: Range): Generator<[string, Scenario]> {
  for (let point = from; point < from + count; point += 1)
    yield [`crash ${point}`, { ...CALM_SCENARIO, crashes: [point] }];
}

/**
 * True in a child of `shareScenarios`, which plays its share and sends the counts; only a child has a
 * channel.
 */
const isChild = process.send !== undefined;

async function play() {
  if (values.recorded || only !== null) {
    const scenarios = values.recorded
      ? [
          ...[...RECORDED_SEEDS, ...RECORDED_WORLD_SEEDS].map(
            ({ seed, troubles: kinds = [], hasClocks = false }) => ({
              seed,
              scenario: planScenario(seed, { kinds, hasClocks }),
            }),
          ),
          ...RECORDED_WITH_CONTROLLERS.map(({ seed, controllers: count }) => ({
            seed,
            scenario: planWithControllers(seed, count),
          })),
        ]
      : [{ seed: only ?? 0, scenario: plan(only ?? 0) }];
    const entries = scenarios.map(({ seed, scenario }): [string, Scenario] => [`seed ${seed}`, scenario]);
    return playScenarios(entries, print, { isTraced: values.trace });
  }
  const isCrash = values['every-crash'];
  const range = { from: number('from'), count: number('seeds') };
  if (isChild) return playScenarios(isCrash ? crashes(range) : seeds(range), print);
  if (isCrash) {
    const { points } = await runScenario(CALM_SCENARIO);
    print(`one calm job passes ${points.length} points`);
    Object.assign(range, { from: 1, count: points.length });
  }
  const argsFor = ({ from, count }: Range) => [
    ...['--from', String(from), '--seeds', String(count)],
    ...(isCrash ? ['--every-crash'] : []),
    ...(controllers === null ? [] : ['--controllers', String(controllers)]),
    ...named.flatMap((kind) => ['--trouble', kind]),
  ];
  return shareScenarios(range, number('workers'), argsFor, print);
}

const began = performance.now();
const tally = await play();
if (isChild) {
  process.send?.(tally);
  process.disconnect();
} else {
  const seconds = (performance.now() - began) / 1000;
  const { scenarios, jobs, served, vms, vmsInVain, lives, takeOvers, cpu, failed } = tally;
  const turns =
    controllers === null ? '' : `, in which a controller became the active one ${takeOvers} times`;
  const inVain = jobs === 0 ? 0 : (100 * vmsInVain) / jobs;
  print(
    `${scenarios} runs in ${seconds.toFixed(1)} s (${cpu.toFixed(1)} s of CPU): ` +
      `${jobs} jobs (${(jobs / seconds).toFixed(1)} a second), ${served} of them run, ${lives} lives of the daemon${turns}; ` +
      `${vms} VMs for them, ${inVain.toFixed(1)} in vain for each hundred jobs; ` +
      `${failed.length} broke a law${failed.length > 0 ? `: ${failed.join(', ')}` : ''}.`,
  );
  process.exitCode = failed.length > 0 ? 1 : 0;
}
