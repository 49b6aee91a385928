import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import { type CliProcess, startCli } from '../cli/cli-process.ts';
import { HeldStep } from '../support/held-step.ts';
import { conclusions, type Scenario, SECRET, scenario } from './scenario.ts';

const daemons: CliProcess[] = [];
afterEach(() => {
  for (const { child } of daemons.splice(0)) child.kill('SIGKILL');
});

function spawnDaemon({ configPath, folder }: Scenario): CliProcess {
  const daemon = startCli(['start', '--config', configPath], { cwd: folder });
  daemons.push(daemon);
  return daemon;
}

test('after SIGTERM the daemon makes no new VM and exits with 0 while a job runs, and the next start serves the rest', async () => {
  await using world = await scenario({ agent: { slots: 1 } });
  const first = spawnDaemon(world);
  await world.until(() => first.stdout().includes('is ready'));
  using held = new HeldStep();
  const jobs = world.push([{ steps: [held.command()] }, {}]);
  await world.reaches('running.busy');
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  const [running] = world.vms();
  expect([jobs[0]?.state.status, jobs[1]?.state.status, running?.state]).toEqual([
    'in_progress',
    'queued',
    'running',
  ]);
  expect(first.stderr()).toBe('');
  held.end();

  spawnDaemon(world);
  await world.until(() => world.jobs());
  await world.isClean();
  expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success', 'success'], 2]);
});

test('a second SIGTERM ends the process at once, and nothing is lost', async () => {
  await using world = await scenario();
  world.mac.faults.add({ route: 'mac create *', delayMs: 20_000, times: 1 });
  const first = spawnDaemon(world);
  await world.until(() => first.stdout().includes('is ready'));
  const jobs = world.push();
  await world.reaches('creating.acting');
  first.child.kill('SIGTERM');
  await world.until(() => first.stdout().includes('a second signal stops it at once'));
  await world.until(() => {
    first.child.kill('SIGTERM');
    return first.child.exitCode !== null || first.child.signalCode !== null;
  });
  // The exit code that shells use for a signal, or the signal itself when another one came during the exit.
  expect([143, 'SIGTERM']).toContain(await first.ended);
  world.mac.faults.clear();
  spawnDaemon(world);
  await world.until(() => world.jobs());
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
});

test('a second daemon on the same store is refused with one sentence', async () => {
  await using world = await scenario();
  const first = spawnDaemon(world);
  await world.until(() => first.stdout().includes('is ready'));
  const second = spawnDaemon(world);
  expect(await second.ended).toBe(1);
  expect(second.stderr()).toMatch(
    /^Another daemon uses the store in .*: stop it, or give this one a store\.path of its own\.\n$/,
  );
  expect(first.child.exitCode).toBe(null);
});

test('no secret is in anything that is written: log, store, or the command lines of the guest', async () => {
  await using world = await scenario({ config: { log: { level: 'trace' } } });
  const daemon = spawnDaemon(world);
  await world.until(() => daemon.stdout().includes('is ready'));
  using held = new HeldStep();
  const jobs = world.push([{ steps: [held.command()] }, {}]);
  await world.reaches('running.busy');
  const secrets = [...world.github.world.runners.values()].map(({ secret }) => secret);
  expect(secrets).not.toEqual([]);
  const lines = commandLines();
  held.end();
  await world.isClean();
  daemon.child.kill('SIGTERM');
  await daemon.ended;
  expect(conclusions(jobs)).toEqual(['success', 'success']);

  const known = [...secrets, SIMULATED_AGENT_TOKEN, SECRET, 'simulated-github-token'];
  const blobs = known.flatMap((secret) => [secret, Buffer.from(secret).toString('base64').slice(0, -4)]);
  const written = [daemon.stdout(), daemon.stderr(), lines, ...filesIn(world.storePath)];
  expect(written.length).toBeGreaterThan(5);
  for (const secret of [...blobs, 'encoded_jit_config']) {
    expect(
      written.some((text) => text.includes(secret)),
      `${secret} was written`,
    ).toBe(false);
  }
});

/** The command lines of every process of this machine. */
function commandLines(): string {
  return execFileSync('ps', ['-A', '-ww', '-o', 'args'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'));
}
