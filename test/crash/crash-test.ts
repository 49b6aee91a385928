import pMap from 'p-map';
import { textTable } from '../../src/cli/terminal/terminal-text.ts';
import { migratedServer } from '../postgres/migrated-server.ts';
import { scriptOptions, wholeNumber } from '../support/script-options.ts';
import { type CrashPoint, crashRun, PLOTS, type PlotName } from './crash-run.ts';
import { loadRun } from './load-run.ts';
import { standbyRun } from './standby-run.ts';

// Kills the real daemon with SIGKILL at every point at which something leaves its process or comes back, each
// in its own world, starts it again (or leaves its work to a standby) and checks that nothing is left. A first run without a kill counts the
// points.

const USAGE = `npm run crash-test -- [--plot served|retired|abandoned] [--every N] [--at "before agent POST /vms"] [--standby] [--jobs N]
  --every N   every Nth point only, for a quick look
  --at NAME   one point alone
  --random N  instead: N times eight jobs on two Macs, the daemon killed six times at moments drawn by a seed from --seed S (1) on
  --standby   instead of a restart a standby goes on, which is ready on a PostgreSQL server of its own
  --jobs N    worlds at a time (2)
`;

const values = scriptOptions(USAGE, {
  plot: { type: 'string', multiple: true },
  every: { type: 'string', default: '1' },
  at: { type: 'string' },
  random: { type: 'string' },
  seed: { type: 'string', default: '1' },
  standby: { type: 'boolean', default: false },
  jobs: { type: 'string', default: '2' },
});
const number = (option: 'every' | 'seed' | 'jobs') => wholeNumber(USAGE, `--${option}`, values[option]);

if (values.random !== undefined) {
  const length = wholeNumber(USAGE, '--random', values.random);
  const seeds = Array.from({ length }, (_, n) => number('seed') + n);
  const runs = await pMap(seeds, async (seed) => ({ seed, ...(await loadRun(seed)) }), {
    concurrency: number('jobs'),
  });
  const lines = runs.map(({ seed, kills, jobs, vmsCreated, wrong }) => [
    ...[String(seed), kills.join(' '), `${jobs.filter((one) => one === 'success').length}/${jobs.length}`],
    ...[String(vmsCreated), wrong?.split('\n')[0] ?? 'clean'],
  ]);
  const head = ['SEED', 'KILLED AFTER (MS)', 'JOBS', 'VMS', 'OUTCOME'];
  for (const line of textTable([head, ...lines])) console.log(line);
  const broken = runs.filter(({ wrong }) => wrong !== null);
  for (const { seed, wrong } of broken) console.error(`\nseed ${seed}: ${wrong}`);
  const killed = runs.reduce((sum, { kills }) => sum + kills.length, 0);
  console.log(`killed ${killed} times: ${runs.length - broken.length} passed, ${broken.length} failed`);
  process.exit(broken.length === 0 ? 0 : 1);
}

interface Visit {
  plot: PlotName;
  point: NonNullable<CrashPoint>;
}

/**
 * Each point once, when it is first passed; durable writes every time, since each of them stores another
 * state.
 */
function visitsOf(plot: PlotName, points: string[]): Visit[] {
  const seen = new Map<string, number>();
  return points.flatMap((name) => {
    const visit = (seen.get(name) ?? 0) + 1;
    seen.set(name, visit);
    const counts = visit === 1 || name.includes('durable');
    return counts ? [{ plot, point: { name, visit } }] : [];
  });
}

const server = values.standby ? await migratedServer() : null;
const play = (plot: PlotName, point: CrashPoint) =>
  server ? standbyRun(plot, point, server.port) : crashRun(plot, point);
const plots = (values.plot ?? Object.keys(PLOTS)) as PlotName[];
const all: Visit[] = [];
for (const plot of plots) {
  const alive = await play(plot, null);
  if (alive.wrong) throw new Error(`the plot ${plot} does not end clean by itself: ${alive.wrong}`);
  all.push(...visitsOf(plot, alive.points));
}
const chosen = all
  .filter(({ point }) => values.at === undefined || point.name === values.at)
  .filter((_, n) => n % number('every') === 0);
console.log(`${all.length} points in ${plots.join(', ')}; the daemon is killed at ${chosen.length} of them.`);

const rows = await pMap(
  chosen,
  async ({ plot, point }) => {
    const { crashed, jobs, vmsCreated, wrong } = await play(plot, point);
    const outcome =
      wrong?.split('\n')[0] ?? (crashed ? 'clean' : 'clean, not killed: the point was not passed this time');
    return {
      plot,
      point,
      crashed,
      wrong,
      row: [plot, `${point.name} #${point.visit}`, jobs.join(), String(vmsCreated), outcome],
    };
  },
  { concurrency: number('jobs') },
);
for (const line of textTable([['PLOT', 'KILLED', 'JOB', 'VMS', 'OUTCOME'], ...rows.map(({ row }) => row)])) {
  console.log(line);
}
for (const { point, wrong } of rows) if (wrong) console.error(`\n${point.name} #${point.visit}: ${wrong}`);
await server?.remove();
const failed = rows.filter(({ wrong }) => wrong !== null).length;
const killed = rows.filter(({ crashed }) => crashed).length;
console.log(`killed ${killed} times: ${rows.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
