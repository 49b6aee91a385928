import { expect, test, vi } from 'vitest';
import { parseBaseName } from '../../machines/resource-name.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

vi.setConfig({ testTimeout: 120_000 });

const IMAGE = 'ghcr.io/jeballto/macos-ci:latest';
const ON = { config: { controller: { base_vms: true } } };

const bases = (world: Scenario) => world.vms().filter(({ name }) => parseBaseName('gh-demo', name) !== null);

interface BasesAnswer {
  hosts: { bases: { profile: string; state: string; vm: string | null; why: string | null }[] }[];
}

async function shown(world: Scenario) {
  const answer = (await (await fetch(`${world.adminUrl}/api/hosts`)).json()) as BasesAnswer;
  return answer.hosts[0]?.bases ?? [];
}

/** Waits until both profiles have their base and nothing else looks like one; returns the names. */
const areReady = (world: Scenario, not: string[] = []) =>
  world.until(async () => {
    const names = (await shown(world)).flatMap(({ state, vm, why }) =>
      state === 'ready' && !why ? [vm] : [],
    );
    const there = bases(world).map(({ name }) => name);
    if (names.length !== 2 || there.length !== 2 || there.some((name) => not.includes(name)))
      throw new Error(`shown ${names}, there ${there}`);
    return there;
  });

test('bases are made, jobs are cloned from them, a moved tag gets its own beside them, which replace them when it spreads, and switching them off deletes them', async () => {
  await using world = await scenario(ON);
  const daemon = await world.start();
  const first = await areReady(world);
  const creates = world.mac.faults.add({ route: 'POST /vms', delayMs: 0 });
  const clones = world.mac.faults.add({ route: 'POST /vms/:id/clone', delayMs: 0 });
  const patches = world.mac.faults.add({ route: 'PATCH /vms/:id', delayMs: 0 });
  const jobs = world.push([{}, { labels: ['self-hosted', 'jeballto-macos-large'] }]);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success', 'success']);
  const cloned = clones.hits;
  expect([creates.hits, patches.hits]).toEqual([0, 0]);
  expect(cloned).toBeGreaterThanOrEqual(2);

  world.mac.world.options.registry.images[IMAGE] = { digest: `sha256:${'b'.repeat(64)}` };
  await world.until(() => bases(world).length === 4);
  for (const label of ['jeballto-macos', 'jeballto-macos-large'])
    await world.order(`/api/images/${label}/spread`, 'ada');
  await areReady(world, first);
  const later = world.push();
  await world.isClean();
  expect([conclusions(later), world.mac.world.images.local.size]).toEqual([['success'], 1]);

  const metrics = await (await fetch(`${world.adminUrl}/metrics`)).text();
  expect(metrics).toContain('jeballto_runner_base_vm_ready{host="mac-1",profile="jeballto-macos"} 1');
  expect(metrics).toContain('jeballto_runner_vms{host="mac-1",state="stopped",owner="base"} 2');
  await daemon.drain();
  await world.configure({ controller: { base_vms: false } });
  await world.start();
  await world.until(() => bases(world).length === 0);
  expect(world.log()).toContain('no profile uses this base VM');
});

test('when an agent cannot clone, or a copy fails, jobs are served from the image', async () => {
  await using world = await scenario(ON);
  world.mac.faults.add({ route: 'mac clone *', status: 500 });
  await world.start();
  await areReady(world);
  const jobs = world.push();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
  expect(world.log()).toContain('BASE_UNUSABLE');
  world.mac.faults.add({ route: 'POST /vms/:id/clone', status: 404, code: 'NOT_FOUND' });
  await world.until(async () => (await shown(world)).every(({ why }) => why === 'its agent cannot clone'));
  await world.until(() => bases(world).length === 0);
  const more = world.push();
  await world.isClean();
  expect(conclusions(more)).toEqual(['success']);
});
