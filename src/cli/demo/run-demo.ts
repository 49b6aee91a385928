import { join } from 'node:path';
import { emitKeypressEvents } from 'node:readline';
import { counted } from '../../format.js';
import { createLog } from '../../log.ts';
import { ensureRepository } from '../../simulator/github/repositories.ts';
import { createHook } from '../../simulator/github/webhooks/create-hook.ts';
import { openStore, type StorePlace } from '../../store/open-store.ts';
import { placeOf } from '../../store/postgres/place-of.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { startSimulatedWorld } from '../simulation/simulated-world.ts';
import { SIMULATED_AGENT_TOKEN, SIMULATED_REPOSITORY } from '../simulation/world-config.ts';
import type { StopSignals } from '../stop-signals.ts';
import { makeDatabase } from './controllers/demo-database.ts';
import { makeControllers } from './controllers/make-controllers.ts';
import { startBalancer } from './controllers/webhook-balancer.ts';
import { DemoActions } from './demo-actions.ts';
import type { DemoPorts } from './demo-ports.ts';
import { complaints, type DemoResult, demoResult } from './demo-result.ts';
import { DemoView } from './demo-view.ts';
import { pushJobs, pushStory } from './demo-workflow.ts';
import { watchDemo } from './watch-demo.ts';

export interface DemoOptions {
  jobs: number;
  hosts: number;
  kill: number;
  /** Daemons; several of them share a database. */
  controllers: number;
  /** A PostgreSQL server on which the demonstration may make a database. */
  postgresUrl?: string;
  exit?: boolean;
  json?: boolean;
  keep?: boolean;
  /** First of several ports in a row; 0 takes free ports. */
  port: number;
}

/** Steps that remove what was started, run in reverse order; one that fails does not stop the others. */
export type Cleanup = (() => unknown)[];

export interface RunDemoOptions extends DemoOptions {
  /** Folder for every file of the demo. */
  folder: string;
  ports: DemoPorts;
}

/** Milliseconds that each daemon has to end by itself after SIGTERM. */
const DAEMON_STOP_TIMEOUT_MS = 15_000;
/** Milliseconds that a demonstration may take before it counts as late: in any case, for each job, for each kill. */
const TIME_MS = { base: 60_000, job: 15_000, kill: 20_000 };

const WEBHOOK_SECRET = 'simulated-webhook-secret';

/** Starts world and daemons, shows what they do, and ends them. Returns the exit code. */
export async function runDemo(
  options: RunDemoOptions,
  terminal: Terminal,
  stop: StopSignals,
  cleanup: Cleanup,
): Promise<number> {
  const { clock } = terminal;
  const { folder, ports } = options;
  const store = await makeStore(options, terminal, cleanup);
  // The homes of the simulated guests go with the folder, however the process ends.
  process.env.TMPDIR = folder;
  const world = await startSimulatedWorld({
    clock,
    random: Math.random,
    host: '127.0.0.1',
    port: ports.world,
    macs: options.hosts,
    agentToken: SIMULATED_AGENT_TOKEN,
  });
  cleanup.push(world.close);

  const repository = ensureRepository(world.github.world, SIMULATED_REPOSITORY);
  const controllers = await makeControllers({
    ...{ world, store, terminal, folder },
    daemons: ports.daemons,
    webhookSecret: WEBHOOK_SECRET,
    onLine: (line) => view.logLine(line),
  });
  const actions = options.exit ? null : new DemoActions(world, repository, controllers);
  const view = new DemoView({ terminal, toStderr: options.json === true, world, actions });
  cleanup.push(() => view.end());
  cleanup.push(() => controllers.end());
  const daemons = controllers.areSeveral
    ? `${options.controllers} real daemons on one PostgreSQL database`
    : 'the real daemon';
  view.say(`  A simulated GitHub, ${counted(options.hosts, 'simulated Mac')} and ${daemons}; their files are in
  ${folder}${options.keep ? '' : '  (removed at the end; --keep keeps them)'}
`);
  if (actions && view.isLive) cleanup.push(readKeys((key) => actions.press(key)));
  controllers.start();
  const webhookPort = await receivingPort(ports, cleanup);

  const watched = await watchDemo({
    ...{ world, controllers, view, clock, stop, actions },
    kills: options.kill,
    deadline: options.exit
      ? clock.now() + TIME_MS.base + TIME_MS.job * options.jobs + TIME_MS.kill * options.kill
      : null,
    /** Called when each daemon answers, so that the webhooks reach it. */
    push: () => {
      createHook(world.github.world, {
        target: { kind: 'repository', repository },
        url: `http://127.0.0.1:${webhookPort}/webhook`,
        secret: WEBHOOK_SECRET,
      });
      if (actions) pushStory(world, repository, options.jobs);
      else pushJobs(world, repository, options.jobs);
    },
  });
  if (watched.end === 'stopped') {
    const all = controllers.areSeveral ? 'daemons' : 'daemon';
    view.say(`\nEnding the ${all}, then the simulated world (Ctrl-C again ends both at once) ...`);
  }
  const { ended } = controllers;
  const daemonExit = await controllers.stop(DAEMON_STOP_TIMEOUT_MS);
  view.end();
  if (watched.end === 'stopped' && actions) {
    view.say(`Ended. ${options.keep ? '' : 'Its files are removed.'}`.trim());
    return ExitCode.ok;
  }
  if (watched.end === 'daemonEnded') {
    view.say(`\n${ended?.name} ended by itself (${ended?.process.ended}). The last lines of the log:`);
    for (const line of view.lastLines) view.say(`  ${line}`);
    return ExitCode.failed;
  }

  const result = demoResult(watched.state, await recordsIn(store, terminal), controllers);
  const wrong = complaints(watched.state, result, daemonExit);
  if (watched.end === 'stopped') wrong.unshift('the demo was interrupted');
  if (watched.end === 'late') wrong.unshift('the demo did not end in time');
  view.say(summary(result, wrong));
  if (wrong.length > 0) for (const line of view.troubles) view.say(`  ${line}`);
  if (options.json) terminal.out(JSON.stringify(result));
  return wrong.length === 0 ? ExitCode.ok : ExitCode.failed;
}

/** A folder for one daemon, and a database for several. */
async function makeStore(
  { folder, ports, controllers, postgresUrl }: RunDemoOptions,
  { err }: Terminal,
  cleanup: Cleanup,
): Promise<StorePlace> {
  if (controllers === 1 && postgresUrl === undefined) return { path: join(folder, 'store') };
  const { url, remove } = await makeDatabase(postgresUrl, ports.database);
  cleanup.push(() =>
    remove().catch((error: unknown) =>
      err(`${placeOf(url)} could not be removed (${(error as Error).message}): drop the database yourself.`),
    ),
  );
  return { url };
}

/** Returns the port to which GitHub sends its webhooks: of one daemon, or of a balancer in front of several. */
async function receivingPort({ daemons, balancer: port }: DemoPorts, cleanup: Cleanup): Promise<number> {
  const webhooks = daemons.map(({ webhook }) => webhook);
  if (webhooks.length === 1) return webhooks[0] ?? 0;
  const balancer = await startBalancer(port, webhooks);
  cleanup.push(balancer.close);
  return port;
}

/** Records of jobs that the stopped daemons left in their store. */
async function recordsIn(store: StorePlace, { clock }: Terminal): Promise<number> {
  const log = createLog({ level: 'silent', format: 'json', secrets: [] });
  const opened = await openStore({ ...store, retention: Number.MAX_SAFE_INTEGER, clock, log });
  const { actors } = opened.counts();
  await opened.close();
  return actors;
}

function summary(result: DemoResult, wrong: readonly string[]): string {
  const { jobs, succeeded, vmsCreated, vmsLeft, runnersLeft, recordsLeft, secondsMedian, kills } = result;
  const { takeOverSeconds } = result;
  const line = [
    `${succeeded} of ${counted(jobs, 'job')} succeeded`,
    `${counted(vmsCreated, 'VM')} made, ${vmsLeft} left`,
    `${counted(runnersLeft, 'runner')} left`,
    `${counted(recordsLeft, 'record')} left`,
    ...(secondsMedian === null ? [] : [`median ${secondsMedian} s`]),
    ...(kills > 0
      ? [`${takeOverSeconds ? 'active controller' : 'daemon'} killed ${counted(kills, 'time')}`]
      : []),
    ...(takeOverSeconds?.length ? [`take-over after ${takeOverSeconds.join(' s, ')} s`] : []),
  ].join(' · ');
  return wrong.length === 0 ? `\n${line}` : `\n${line}\nProblems: ${wrong.join('; ')}.`;
}

interface Key {
  name?: string;
  ctrl?: boolean;
}

/**
 * Calls `press` with each key that is pressed in the terminal. Ctrl-C, which is an ordinary key while single
 * keys are read, is passed on as the signal. Returns a function that restores the terminal. Does nothing
 * without a terminal.
 */
function readKeys(press: (key: string) => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const onKey = (_: string | undefined, { name = '', ctrl }: Key) => {
    if (ctrl && name === 'c') process.emit('SIGINT', 'SIGINT');
    else if (!ctrl) press(name);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.on('keypress', onKey);
  stdin.resume();
  return () => {
    stdin.off('keypress', onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
