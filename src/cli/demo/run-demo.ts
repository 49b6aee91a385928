import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emitKeypressEvents } from 'node:readline';
import { counted } from '../../format.js';
import { createLog } from '../../log.ts';
import { ensureRepository } from '../../simulator/github/repositories.ts';
import { createHook } from '../../simulator/github/webhooks/create-hook.ts';
import { openStore } from '../../store/open-store.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { startSimulatedWorld } from '../simulation/simulated-world.ts';
import { SIMULATED_AGENT_TOKEN, SIMULATED_REPOSITORY, worldConfig } from '../simulation/world-config.ts';
import type { StopSignals } from '../stop-signals.ts';
import { DaemonProcess } from './controllers/daemon-process.ts';
import { DemoActions } from './demo-actions.ts';
import type { DemoPorts } from './demo-ports.ts';
import { complaints, type DemoResult, demoResult } from './demo-result.ts';
import { DemoView } from './demo-view.ts';
import { BETA_LABEL, pushJobs, pushStory } from './demo-workflow.ts';
import { watchDemo } from './watch-demo.ts';

export interface DemoOptions {
  jobs: number;
  hosts: number;
  kill: number;
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

/** Milliseconds that the daemon has to end by itself after SIGTERM. */
const DAEMON_STOP_TIMEOUT_MS = 15_000;

const WEBHOOK_SECRET = 'simulated-webhook-secret';

/** Starts world and daemon, shows what they do, and ends them. Returns the exit code. */
export async function runDemo(
  options: RunDemoOptions,
  terminal: Terminal,
  stop: StopSignals,
  cleanup: Cleanup,
): Promise<number> {
  const { clock } = terminal;
  const { folder, ports } = options;
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

  const storePath = join(folder, 'store');
  const configPath = join(folder, 'config.json');
  const logPath = join(folder, 'daemon.log');
  const config = worldConfig({
    world,
    agentToken: SIMULATED_AGENT_TOKEN,
    webhookSecret: WEBHOOK_SECRET,
    webhookListen: `127.0.0.1:${ports.webhook}`,
    adminListen: `127.0.0.1:${ports.admin}`,
    storePath,
  });
  const labels = { ...config.labels, [BETA_LABEL]: { image: 'ghcr.io/jeballto/macos-beta:latest' } };
  const content = { ...config, labels };
  await writeFile(configPath, JSON.stringify(content, null, 2), { mode: 0o600 });

  const repository = ensureRepository(world.github.world, SIMULATED_REPOSITORY);
  const daemon = new DaemonProcess({
    configPath,
    logPath,
    clock,
    env: terminal.env,
    onLine: (line) => view.logLine(line),
  });
  const actions = options.exit
    ? null
    : new DemoActions(world, repository, daemon, { path: configPath, content });
  const view = new DemoView({ terminal, toStderr: options.json === true, world, actions });
  cleanup.push(() => view.end());
  cleanup.push(async () => {
    await daemon.kill();
    daemon.close();
  });
  view.say(`  A simulated GitHub, ${counted(options.hosts, 'simulated Mac')} and the real daemon; their files are in
  ${folder}${options.keep ? '' : '  (removed at the end; --keep keeps them)'}
`);
  if (actions && view.isLive) cleanup.push(readKeys((key) => actions.press(key)));
  daemon.start();

  const watched = await watchDemo({
    world,
    daemon,
    admin: { url: `http://127.0.0.1:${ports.admin}`, token: null },
    view,
    clock,
    stop,
    kills: options.kill,
    actions,
    deadline: options.exit ? clock.now() + 60_000 + 15_000 * options.jobs : null,
    /** Called when the daemon answers, so that the webhooks reach it. */
    push: () => {
      const url = `http://127.0.0.1:${ports.webhook}/webhook`;
      createHook(world.github.world, {
        target: { kind: 'repository', repository },
        url,
        secret: WEBHOOK_SECRET,
      });
      if (actions) pushStory(world, repository, options.jobs);
      else pushJobs(world, repository, options.jobs);
    },
  });
  if (watched.end === 'stopped') {
    view.say('\nEnding the daemon, then the simulated world (Ctrl-C again ends both at once) ...');
  }
  const daemonExit = await daemon.stop(DAEMON_STOP_TIMEOUT_MS);
  view.end();
  if (watched.end === 'stopped' && actions) {
    view.say(`Ended. ${options.keep ? '' : 'Its files are removed.'}`.trim());
    return ExitCode.ok;
  }

  const result = demoResult(watched.state, await recordsIn(storePath, terminal), watched.kills);
  const wrong = complaints(watched.state, result, daemonExit);
  if (watched.end === 'daemonEnded') {
    view.say(`\nThe daemon ended by itself (${daemon.ended}). The last lines of its log:`);
    for (const line of view.lastLines) view.say(`  ${line}`);
    return ExitCode.failed;
  }
  if (watched.end === 'stopped') wrong.unshift('the demo was interrupted');
  if (watched.end === 'late') wrong.unshift('the demo did not end in time');
  view.say(summary(result, wrong));
  if (wrong.length > 0) for (const line of view.troubles) view.say(`  ${line}`);
  if (options.json) terminal.out(JSON.stringify(result));
  return wrong.length === 0 ? ExitCode.ok : ExitCode.failed;
}

/** Records of jobs that the stopped daemon left in its store. */
async function recordsIn(path: string, { clock }: Terminal): Promise<number> {
  const log = createLog({ level: 'silent', format: 'json', secrets: [] });
  const store = await openStore({ path, retention: Number.MAX_SAFE_INTEGER, clock, log });
  const { actors } = store.counts();
  await store.close();
  return actors;
}

function summary(result: DemoResult, wrong: readonly string[]): string {
  const { jobs, succeeded, vmsCreated, vmsLeft, runnersLeft, recordsLeft, secondsMedian, kills } = result;
  const line = [
    `${succeeded} of ${counted(jobs, 'job')} succeeded`,
    `${counted(vmsCreated, 'VM')} made, ${vmsLeft} left`,
    `${counted(runnersLeft, 'runner')} left`,
    `${counted(recordsLeft, 'record')} left`,
    ...(secondsMedian === null ? [] : [`median ${secondsMedian} s`]),
    ...(kills > 0 ? [`daemon killed ${counted(kills, 'time')}`] : []),
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
