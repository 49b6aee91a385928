import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const IMAGE = { image: 'ghcr.io/jeballto/macos-ci:latest' };
const labels = {
  'jeballto-macos': { ...IMAGE, warm: 1, lifetime_seconds: 3600 },
  'jeballto-macos-large': { ...IMAGE, cpu: 8, memory: '16GB' },
};
const large = { labels: ['self-hosted', 'jeballto-macos-large'] };

const ours = (world: Scenario) => world.vms().filter(({ name }) => name.startsWith('gh-demo-0-'));
const standsBy = (world: Scenario) => world.reaches('warm');

test('a warm VM waits without a runner, a job gets it at once, and another one is made', async () => {
  await using world = await scenario({ config: { labels } });
  await world.start();
  const { vm } = await standsBy(world);
  expect([world.runners(), world.vms()[0]?.lifetimeSeconds]).toEqual([[], 2 * 3600]);

  const jobs = world.push([{ steps: ['sleep 2'] }]);
  await world.until(() => jobs[0]?.state.runner?.name === vm?.name);
  expect(world.vmsCreated()).toBeLessThanOrEqual(2);
  await world.until(() => jobs[0]?.state.status === 'completed');
  const next = await world.until(async () => {
    const found = await standsBy(world);
    if (found.vm?.name === vm?.name) throw new Error(`${vm?.name} stands by again`);
    return found;
  });
  expect(conclusions(jobs)).toEqual(['success']);
  await world.until(() => ours(world).length === 1 && world.runners().length === 0);
  expect(ours(world)[0]?.name).toBe(next.vm?.name);
});

test('warm VMs lose their slots when jobs of another profile need them', async () => {
  const both = { ...labels, 'jeballto-macos': { ...labels['jeballto-macos'], warm: 2 } };
  await using world = await scenario({ config: { labels: both } });
  await world.start();
  await world.until(
    async () => (await world.jobs()).jobs.filter(({ state }) => state === 'warm').length === 2,
  );
  const jobs = world.push([large, large]);
  await world.until(() => jobs.every(({ state }) => state.status === 'completed'));
  expect(conclusions(jobs)).toEqual(['success', 'success']);
  await world.until(
    async () => (await world.jobs()).jobs.filter(({ state }) => state === 'warm').length === 2,
  );
});

test('a warm VM is removed when it is too old, and when the config does not want it any more', async () => {
  await using world = await scenario({ config: { labels, controller: { warm_vm_max_age: '400ms' } } });
  const daemon = await world.start();
  const { vm } = await standsBy(world);
  await world.until(() => !world.vms().some(({ name }) => name === vm?.name));
  await standsBy(world);
  await daemon.drain();

  const content = JSON.parse(await readFile(world.configPath, 'utf8'));
  content.labels['jeballto-macos'].warm = 0;
  await writeFile(world.configPath, JSON.stringify(content));
  await world.start();
  await world.isClean();
});

test('a VM that boots for a job that was cancelled gets the next job of its profile', async () => {
  await using world = await scenario({ config: { controller: { max_concurrent_vms: 1 } } });
  world.mac.faults.add({ route: 'guest boot *', body: { sshdMs: 3_000 }, times: 1 });
  await world.start();
  const [first] = world.push([{ name: 'first' }]);
  const { vm } = await world.reaches('sshReady');
  const [second] = world.push([{ name: 'second' }]);
  await world.reaches('queued');
  if (first) cancelRun(world.github.world, first.run);
  await world.until(() => second?.state.runner?.name === vm?.name);
  await world.isClean();
  expect([second?.state.conclusion, world.vmsCreated()]).toEqual(['success', 1]);
});
