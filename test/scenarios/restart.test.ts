import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { SshGuest } from '../../src/simulator/guest/ssh-guest.ts';
import { type CliProcess, startCli } from '../cli/cli-process.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const daemons: CliProcess[] = [];
afterEach(() => {
  for (const { child } of daemons.splice(0)) child.kill('SIGKILL');
});

/** The daemon in its own process. */
function spawnDaemon({ configPath, folder }: Scenario): CliProcess {
  const daemon = startCli(['start', '--config', configPath], { cwd: folder });
  daemons.push(daemon);
  return daemon;
}

async function kill({ child, ended }: CliProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

type Fault = Parameters<Scenario['github']['faults']['add']>[0];

/** Sets the wrong clock of a guest right. */
async function setClockRight(world: Scenario): Promise<void> {
  for (const { power } of world.vms()) {
    const guest = power?.guest as SshGuest | undefined;
    if (guest) await writeFile(join(guest.home, '.sim/bin/date.right'), '');
  }
}

/** For each state, what keeps a job in it long enough to end the process there. */
const HELD: Record<string, { at: string; github?: Fault; mac?: Fault; seconds?: number }> = {
  queued: { at: 'queued' },
  creating: { at: 'creating.acting', mac: { route: 'mac create *', delayMs: 1_500, times: 1 } },
  starting: { at: 'starting.acting', mac: { route: 'mac start *', delayMs: 1_500, times: 1 } },
  sshReady: { at: 'sshReady', mac: { route: 'guest boot *', body: { sshdMs: 2_500 }, times: 1 } },
  probing: {
    at: 'probing.waiting',
    mac: { route: 'guest boot *', body: { clockSkewSeconds: 3_600 }, times: 1 },
  },
  jitConfig: { at: 'jitConfig.acting', github: { route: 'GET */actions/jobs/*', delayMs: 1_500, times: 3 } },
  runnerOnline: {
    at: 'runnerOnline.confirming',
    github: { route: 'POST /_runner/sessions', delayMs: 1_500, times: 1 },
  },
  running: { at: 'running.busy', seconds: 4 },
  tearingDown: { at: 'tearingDown', mac: { route: 'mac delete *', delayMs: 1_500, times: 1 } },
};

test.each(Object.keys(HELD))(
  'after a process that ended in %s the next one finishes the job, with one VM in all',
  async (state) => {
    const { at, github, mac, seconds = 0 } = HELD[state] ?? { at: state };
    await using world = await scenario();
    const full = state === 'queued' ? world.mac.faults.add({ route: '*', status: 503 }) : null;
    if (github) world.github.faults.add(github);
    if (mac) world.mac.faults.add(mac);
    const first = spawnDaemon(world);
    await world.until(() => first.stdout().includes('is ready'));
    const jobs = world.push([{ steps: [`sleep ${seconds}`] }]);
    await world.reaches(at);
    await world.until(async () => (await world.status()).store.pending === 0);
    await kill(first);

    if (full) world.mac.faults.clear();
    if (state === 'probing') await setClockRight(world);
    const second = spawnDaemon(world);
    await world.until(() => second.stdout().includes('1 job goes on in the state of the last run'));
    await world.isClean();
    expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success'], 1]);
  },
);
