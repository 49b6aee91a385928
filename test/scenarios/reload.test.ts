import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import { type CliProcess, startCli } from '../cli/cli-process.ts';
import { HeldStep } from '../support/held-step.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const processes: CliProcess[] = [];
afterEach(() => {
  for (const { child } of processes.splice(0)) child.kill('SIGKILL');
});

type Labels = Record<string, object>;

const IMAGE = 'ghcr.io/jeballto/macos-ci:latest';
const changeLabels = (world: Scenario, change: (labels: Labels) => void) =>
  world.rewrite((config) => change(config.labels as Labels));
const removeLabel = (world: Scenario, label: string) =>
  changeLabels(world, (labels) => void delete labels[label]);
const addLabel = (world: Scenario, label: string) =>
  changeLabels(world, (labels) => Object.assign(labels, { [label]: { image: IMAGE } }));

async function asked<T>(world: Scenario, path: string, method = 'GET'): Promise<T> {
  return (await (await fetch(world.adminUrl + path, { method })).json()) as T;
}

test('a label that was added serves the job that waited for it, while another job runs in its VM', async () => {
  await using world = await scenario({ macs: 2 });
  await removeLabel(world, 'jeballto-macos-large');
  const daemon = await world.start();
  using held = new HeldStep();
  const [running] = world.push([{ steps: [held.command()] }]);
  const [waiting] = world.push([{ labels: ['self-hosted', 'jeballto-macos-large'] }]);
  const { vm } = await world.reaches('running.busy');
  await addLabel(world, 'jeballto-macos-large');
  const result = await daemon.reload('ada');
  expect(result).toMatchObject({
    outcome: 'applied',
    by: 'ada',
    changes: [{ key: 'labels.jeballto-macos-large', what: 'added' }],
  });
  await world.until(() => waiting?.state.status === 'completed');
  expect(running?.state.status).toBe('in_progress');
  expect(world.vms().map(({ name }) => name)).toContain(vm?.name);
  held.end();
  await world.isClean();
  expect(conclusions([running, waiting].flatMap((job) => job ?? []))).toEqual(['success', 'success']);
  expect(world.vmsCreated()).toBe(2);
});

test('the jobs of a label that was removed end with their cause, and the others of the queue stay', async () => {
  await using world = await scenario({ agent: { slots: 1 } });
  const daemon = await world.start();
  using held = new HeldStep();
  const [running, large, small] = world.push([
    { steps: [held.command()] },
    { labels: ['self-hosted', 'jeballto-macos-large'] },
    {},
  ]);
  await world.reaches('running.busy');
  await world.until(async () => (await world.jobs()).jobs.length === 3);
  await removeLabel(world, 'jeballto-macos-large');
  await daemon.reload('ada');
  const { settled } = await asked<{ settled: { cause?: { code: string } } | null }>(
    world,
    `/api/jobs/${large?.id}`,
  );
  expect(settled).toMatchObject({ cause: { code: 'PROFILE_UNKNOWN' } });
  held.end();
  await world.until(() => small?.state.status === 'completed');
  expect([running?.state.conclusion, large?.state.status]).toEqual(['success', 'queued']);
});

test('a host that was removed keeps the job that runs there, gets no other one, and then is gone', async () => {
  await using world = await scenario({ macs: 2, agent: { slots: 1 } });
  const daemon = await world.start();
  using held = new HeldStep();
  const jobs = world.push([{ steps: [held.command()] }, { steps: [held.command()] }]);
  await world.until(async () => {
    const { jobs: live } = await world.jobs();
    return live.filter(({ state }) => state.startsWith('running.busy')).length === 2;
  });
  await world.rewrite((config) => {
    config.hosts = (config.hosts as object[]).slice(0, 1);
  });
  expect((await daemon.reload('ada')).changes).toEqual([{ key: 'hosts.mac-2', what: 'removed' }]);
  const later = world.push([{}, {}]);
  expect((await world.hosts()).map(({ name, cordon }) => [name, cordon?.by])).toEqual([
    ['mac-1', undefined],
    ['mac-2', 'the reload that removed it'],
  ]);
  held.end();
  await world.until(async () => (await world.hosts()).length === 1);
  expect(conclusions(jobs)).toContain('success');
  await world.isClean();
  expect(conclusions([...jobs, ...later])).toEqual(['success', 'success', 'success', 'success']);
  expect(world.macs.map(({ world: mac }) => mac.vmsCreated)).toEqual([3, 1]);
});

test('a config with problems and a key that needs a restart are refused whole, and the page says why', async () => {
  await using world = await scenario();
  const daemon = await world.start();
  const { config: before } = await asked<{ config: object }>(world, '/api/config');
  const image = 'ghcr.io/jeballto/other:latest';
  await changeLabels(world, (labels) => Object.assign(labels, { 'jeballto-macos': { image } }));
  await world.configure({ controller: { id: 'other' } });
  expect(await daemon.reload('ada')).toMatchObject({
    outcome: 'refused',
    problems: [{ path: 'controller.id', message: expect.stringContaining('Restart the daemon') }],
  });
  await writeFile(world.configPath, '{ "controller": { "poll_interval": 7 }, "labels": {} }');
  const { problems } = await daemon.reload('ada');
  expect(problems.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['controller.poll_interval', 'labels']),
  );
  const { config: after } = await asked<{ config: { lastReload: object } }>(world, '/api/config');
  expect(after).toEqual({ ...before, lastReload: expect.objectContaining({ outcome: 'refused' }) });
  const jobs = world.push();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
  expect(
    (await fetch(`${world.adminUrl}/metrics`).then((answer) => answer.text())).match(/^\S*reload\S* 0$/m),
  ).not.toBe(null);
});

test('a reload turns no readiness probe to 503, keeps the stream of a page, and loses no delivery', async () => {
  await using world = await scenario({
    macs: 2,
    config: { controller: { mode: 'webhook', recheck_interval: '60s' } },
  });
  const daemon = await world.start();
  await world.until(async () => (await fetch(`${world.adminUrl}/readyz`)).status === 200);
  const stream = await fetch(`${world.adminUrl}/api/events`);
  const reader = stream.body?.getReader();
  const statuses: number[] = [];
  let isOver = false;
  const probing = (async () => {
    while (!isOver) statuses.push((await fetch(`${world.adminUrl}/readyz`)).status);
  })();
  const jobs = [];
  for (let n = 0; n < 6; n += 1) {
    await world.configure({ controller: { vm_idle_timeout: `${n + 3}s`, max_concurrent_vms: 1 + (n % 2) } });
    const reloaded = daemon.reload('ada');
    jobs.push(...world.push());
    expect((await reloaded).outcome).toBe('applied');
  }
  isOver = true;
  await probing;
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect((await reader?.read())?.done).toBe(false);
  await reader?.cancel();
  await world.isClean();
  expect(new Set(conclusions(jobs))).toEqual(new Set(['success']));
  expect(world.vmsCreated()).toBe(jobs.length);
});

test('SIGHUP and the command reload a real daemon: a token file with another content, and what is refused', async () => {
  await using world = await scenario();
  const tokenFile = join(world.folder, 'agent.token');
  await writeFile(tokenFile, SIMULATED_AGENT_TOKEN);
  await world.setHosts(({ token: _, ...host }) => ({ ...host, token_file: tokenFile }));
  const daemon = startCli(['start', '--config', world.configPath], { cwd: world.folder });
  processes.push(daemon);
  await world.until(() => daemon.stdout().includes('is ready'));
  const reload = async () => {
    const command = startCli(['reload', '--config', world.configPath], { cwd: world.folder });
    return { code: await command.ended, out: command.stdout(), err: command.stderr() };
  };
  expect(await reload()).toMatchObject({ code: 0, out: expect.stringContaining('Nothing has changed') });

  // A wrong token is right in form: the daemon takes it, and its host stops to answer.
  await writeFile(tokenFile, 'another-token-of-the-agent-0123456789');
  daemon.child.kill('SIGHUP');
  await world.until(() =>
    /the config was reloaded \(SIGHUP\): hosts\.mac-1\.token: changed/.test(daemon.stdout()),
  );
  await world.until(async () => (await world.hosts())[0]?.failure !== null);
  await writeFile(tokenFile, SIMULATED_AGENT_TOKEN);
  expect(await reload()).toMatchObject({
    code: 0,
    out: expect.stringContaining('hosts.mac-1.token: changed'),
  });
  // A host that was silent for long enough has to prove itself with a job first.
  await world.until(async () => ['healthy', 'proving'].includes((await world.hosts())[0]?.state ?? ''));

  await world.configure({ store: { retention: '2d' }, labels: { more: { image: IMAGE } } });
  const refused = await reload();
  expect(refused).toMatchObject({ code: 78, out: '' });
  expect(refused.err).toMatch(
    /store\.retention: cannot change while the daemon runs \(in force: 30d; in the file: 2d\)/,
  );
  expect(daemon.stdout() + refused.err).not.toMatch(/another-token-of-the-agent/);

  const jobs = world.push();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);
});
