import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { holdCommand, releaseCommand } from '../../src/cli/commands/vm/hold-command.ts';
import { screenCommand } from '../../src/cli/commands/vm/screen-command.ts';
import { type SshOptions, sshCommand } from '../../src/cli/commands/vm/ssh-command.ts';
import type { PersonStreams } from '../../src/guest/attach.ts';
import { recordingTerminal } from '../cli/recording-terminal.ts';
import { HeldStep } from '../support/held-step.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const FAILS = { steps: ['echo broken > left.txt; exit 1'] };

/** Lets the label of the demo hold its failed VMs. */
async function holds(world: Scenario, length: string): Promise<void> {
  await world.rewrite((config) => {
    const labels = config.labels as Record<string, object>;
    for (const [label, profile] of Object.entries(labels))
      labels[label] = { ...profile, hold_failed: length };
  });
}

/** Waits until a VM is held; returns its job as the API shows it. */
const held = (world: Scenario) =>
  world.until(async () => {
    const { jobs } = await world.jobs();
    const found = jobs.find(({ state }) => state.startsWith('tearingDown.vm.held'));
    if (!found) throw new Error(`no VM is held: ${jobs.map(({ state }) => state)}`);
    return found;
  });

/** A person at the command line. */
function person(world: Scenario) {
  const { terminal, lines } = recordingTerminal({ USER: 'ada' });
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const printed: Buffer[] = [];
  io.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  const streams = (window: PersonStreams['window'] = null): PersonStreams => ({ ...io, window });
  return {
    lines,
    stdin: io.stdin,
    printed: () => Buffer.concat(printed).toString(),
    ssh: (
      jobId: number,
      command: string[],
      options: SshOptions = {},
      window: PersonStreams['window'] = null,
    ) => sshCommand(jobId, command, { config: world.configPath, ...options }, terminal, streams(window)),
    screen: (jobId: number, output: string) =>
      screenCommand(jobId, { config: world.configPath, output }, terminal),
    hold: (jobId: number, length: string) =>
      holdCommand(jobId, { config: world.configPath, for: length }, terminal),
    release: (jobId: number) => releaseCommand(jobId, { config: world.configPath }, terminal),
  };
}

test('the VM of a failed job is held: a person runs commands in it, types into a shell, saves its screen and releases it', async () => {
  await using world = await scenario();
  await holds(world, '10m');
  await world.start();
  const jobs = world.push([FAILS]);
  const { hold, job } = await held(world);
  expect(conclusions(jobs)).toEqual(['failure']);
  expect(hold).toMatchObject({ jobId: job.id, by: null, ended: null });
  expect(world.runners()).toEqual([]);
  expect((await world.hosts())[0]?.held).toMatchObject({ hold: { jobId: job.id } });

  const ada = person(world);
  expect(await ada.ssh(job.id, ['echo', 'in $((6 * 7))'])).toBe(0);
  expect(ada.printed()).toBe('in 42\n');
  expect(await ada.ssh(job.id, ['exit 3'])).toBe(3);
  expect(ada.lines.err[0]).toMatch(/^VM gh-demo-\S+ on \S+ is held until .* as its label says\./);

  const window = { columns: 80, rows: 24, term: 'xterm', opened: () => undefined };
  const shell = ada.ssh(job.id, [], {}, window);
  ada.stdin.end('echo typed $((1 + 1))\nexit 4\n');
  expect(await shell).toBe(4);
  expect(ada.printed()).toContain('typed 2');

  expect(await person(world).screen(job.id, join(world.folder, 'screen.png'))).toBe(0);
  expect(readFileSync(join(world.folder, 'screen.png')).subarray(1, 4).toString()).toBe('PNG');

  const bob = person(world);
  await bob.ssh(job.id, [], { print: true });
  expect(bob.lines.out[0]).toMatch(/^ssh -p \d+ -o UserKnownHostsFile=\/dev\/null .* \w+@127\.0\.0\.1$/);
  expect(bob.lines.out.join('\n')).toMatch(
    /# The key of the guest: SHA256:\S+[^=]\n# Its screen: vnc:\/\/127/,
  );
  expect([...bob.lines.out, ...ada.lines.err].join('\n')).not.toContain('password');

  expect(await bob.release(job.id)).toBe(0);
  await world.isClean();
  expect(world.log()).toContain(`ada ordered: release the VM of job ${job.id}`);
});

test('an order keeps the VM in which a job of any label fails, over a restart, until its time is over', async () => {
  await using world = await scenario();
  const first = await world.start();
  using step = new HeldStep();
  const [job] = world.push([{ steps: [step.command('exit 1')] }]);
  await world.reaches('running.busy');
  const ada = person(world);
  expect(await ada.hold(job?.id ?? 0, '8s')).toBe(0);
  expect(ada.lines.out).toEqual([
    `The VM of job ${job?.id} is held as soon as the job or its attempt fails. It is not held now.`,
  ]);
  step.end();
  const { hold } = await held(world);
  await first.drain();
  expect(world.vms()).toHaveLength(1);
  await world.start();
  expect((await held(world)).hold).toMatchObject({ by: 'ada', until: hold?.until });
  await world.isClean();
  expect(Date.now()).toBeGreaterThanOrEqual((hold?.until ?? 0) - 1_000);
});

test('a job that needs the slot of a held VM gets it', async () => {
  await using world = await scenario({ agent: { slots: 1 } });
  await holds(world, '1h');
  await world.start();
  const [failed] = world.push([FAILS]);
  await held(world);
  const [next] = world.push();
  await world.isClean();
  expect(conclusions([failed, next].flatMap((job) => job ?? []))).toEqual(['failure', 'success']);
  const story = await (await fetch(`${world.adminUrl}/api/jobs/${failed?.id}/journal`)).json();
  expect(JSON.stringify(story)).toContain('"ended":"jobWaits"');
});

test('a cordon, and an agent that is restarted, end a hold', async () => {
  await using world = await scenario();
  await holds(world, '1h');
  await world.start();
  world.push([FAILS]);
  const { vm } = await held(world);
  await world.order(`/api/hosts/${vm?.host}/cordon`, 'ada');
  await world.isClean();
  await world.order(`/api/hosts/${vm?.host}/uncordon`, 'ada');
  world.push([FAILS]);
  await held(world);
  await world.mac.restart('crash', 0);
  await world.isClean();
});

test('what nobody wants held is deleted at once, and a job without a VM has no address', async () => {
  await using world = await scenario();
  await world.start();
  const [job] = world.push([FAILS]);
  await world.isClean();
  await expect(person(world).ssh(job?.id ?? 0, ['true'])).rejects.toThrow(
    'has no VM that can be looked into',
  );
  await expect(person(world).hold(job?.id ?? 0, '1m')).rejects.toThrow('is being served');
});
