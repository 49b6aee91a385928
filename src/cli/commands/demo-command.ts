import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../log.ts';
import { pushWorkflow } from '../../simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../simulator/github/repositories.ts';
import { createHook } from '../../simulator/github/webhooks/create-hook.ts';
import { openStore } from '../../store/open-store.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { DaemonProcess } from '../demo/daemon-process.ts';
import { complaints, type DemoResult, demoResult } from '../demo/demo-result.ts';
import { DemoView } from '../demo/demo-view.ts';
import { demoJobs } from '../demo/demo-workflow.ts';
import { freePort } from '../demo/free-port.ts';
import { watchDemo } from '../demo/watch-demo.ts';
import { startSimulatedWorld } from '../simulation/simulated-world.ts';
import { SIMULATED_AGENT_TOKEN, SIMULATED_REPOSITORY, worldConfig } from '../simulation/world-config.ts';
import { listenForStop, type StopSignals } from '../stop-signals.ts';

export interface DemoOptions {
  jobs: number;
  hosts: number;
  kill: number;
  exit?: boolean;
  json?: boolean;
  /** The first of several in a row; 0 takes free ones. */
  port: number;
}

/** Milliseconds that the daemon has to end by itself after SIGTERM. */
const DAEMON_STOP_TIMEOUT_MS = 15_000;

const WEBHOOK_SECRET = 'simulated-webhook-secret';

/** Steps that remove what was started, run in reverse order; one that fails does not stop the others. */
type Cleanup = (() => unknown)[];

/**
 * The whole system on this machine: a simulated world in this process, the real daemon in one of its own, and a
 * workflow pushed through. Leaves nothing behind, even after Ctrl-C.
 */
export async function demoCommand(options: DemoOptions, terminal: Terminal): Promise<number> {
  const cleanup: Cleanup = [];
  const stop = listenForStop({
    signals: ['SIGINT', 'SIGTERM', 'SIGHUP'],
    clock: terminal.clock,
    force: (code) => process.exit(code),
  });
  try {
    return await runDemo(options, terminal, stop, cleanup);
  } finally {
    for (const step of cleanup.reverse()) await Promise.resolve(step()).catch(() => undefined);
    stop.release();
  }
}

async function runDemo(
  options: DemoOptions,
  terminal: Terminal,
  stop: StopSignals,
  cleanup: Cleanup,
): Promise<number> {
  const { clock } = terminal;
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-demo-'));
  cleanup.push(() => rm(folder, { recursive: true, force: true }));
  const [adminPort, webhookPort, worldPort] =
    options.port === 0
      ? [await freePort(Math.random), await freePort(Math.random), 0]
      : [options.port, options.port + 1, options.port + 2];
  const world = await startSimulatedWorld({
    clock,
    random: Math.random,
    host: '127.0.0.1',
    port: worldPort,
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
    webhookListen: `127.0.0.1:${webhookPort}`,
    adminListen: `127.0.0.1:${adminPort}`,
    storePath,
  });
  await writeFile(configPath, JSON.stringify(config, null, 2), { mode: 0o600 });

  const view = new DemoView({ terminal, toStderr: options.json === true, world });
  cleanup.push(() => view.end());
  const admin = { url: `http://127.0.0.1:${adminPort}`, token: null };
  view.say(`A simulated GitHub at ${world.github.url} and Mac${options.hosts > 1 ? 's' : ''} at ${world.macs.map(({ url }) => url).join(', ')}
The daemon: operators ${admin.url}/api/jobs, webhooks http://127.0.0.1:${webhookPort}/webhook
Its files: ${configPath}, ${logPath}, ${storePath}
`);

  const daemon = new DaemonProcess({
    configPath,
    logPath,
    clock,
    env: terminal.env,
    onLine: (line) => view.logLine(line),
  });
  cleanup.push(async () => {
    await daemon.kill();
    daemon.close();
  });
  daemon.start();

  const repository = ensureRepository(world.github.world, SIMULATED_REPOSITORY);
  const watched = await watchDemo({
    world,
    daemon,
    admin,
    view,
    clock,
    stop,
    kills: options.kill,
    deadline: options.exit ? clock.now() + 60_000 + 15_000 * options.jobs : null,
    /** Called when the daemon answers, so that the webhooks reach it. */
    push: () => {
      const url = `http://127.0.0.1:${webhookPort}/webhook`;
      createHook(world.github.world, {
        target: { kind: 'repository', repository },
        url,
        secret: WEBHOOK_SECRET,
      });
      pushWorkflow(world.github.world, repository, { name: 'CI', jobs: demoJobs(options.jobs) });
    },
  });
  const daemonExit = await daemon.stop(DAEMON_STOP_TIMEOUT_MS);
  view.end();
  if (watched.end === 'stopped' && !options.exit) return ExitCode.ok;

  const result = demoResult(watched.state, await recordsIn(storePath, terminal), watched.kills);
  const wrong = complaints(watched.state, result, daemonExit);
  if (watched.end === 'daemonEnded') wrong.unshift('the daemon ended by itself');
  if (watched.end === 'stopped') wrong.unshift('it was interrupted');
  if (watched.end === 'late') wrong.unshift('it was not over in time');
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
    `${succeeded} of ${jobs} jobs succeeded`,
    `${vmsCreated} VMs made, ${vmsLeft} left`,
    `${runnersLeft} runners left`,
    `${recordsLeft} records left`,
    ...(secondsMedian === null ? [] : [`median ${secondsMedian} s`]),
    ...(kills > 0 ? [`daemon killed ${kills} times`] : []),
  ].join(' · ');
  return wrong.length === 0 ? `\n${line}` : `\n${line}\nNot as it should be: ${wrong.join('; ')}.`;
}
