import { expect, test, vi } from 'vitest';
import type { Answers } from '../../src/http/admin/api/api-routes.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

vi.setConfig({ testTimeout: 240_000 });

const IMAGE = 'ghcr.io/jeballto/macos-ci:latest';
const LABEL = 'jeballto-macos';
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const pinned = (digit: string) => `ghcr.io/jeballto/macos-ci@${digest(digit)}`;

/** The tag has another digest from now on, whose VMs boot in this way. */
function move(world: Scenario, digit: string, boot: object = {}): void {
  for (const { world: mac } of world.macs) {
    mac.options.registry.boots[digest(digit)] = boot;
    mac.options.registry.images[IMAGE] = { digest: digest(digit) };
  }
}

async function imageOf(world: Scenario) {
  const { images } = (await (await fetch(`${world.adminUrl}/api/images`)).json()) as Answers['/api/images'];
  const image = images.find(({ profile }) => profile === LABEL);
  if (!image) throw new Error('the label has no image');
  return image;
}

const isIn = (world: Scenario, state: string) =>
  world.until(async () => (await imageOf(world)).state === state);

/** Waits until each host has a VM or a pulled image of a version. */
const isOn = (world: Scenario, role: string, digit: string, hosts: number) =>
  world.until(async () => {
    const { versions } = await imageOf(world);
    const version = versions.find((one) => one.role === role && one.digest === digest(digit));
    return version?.hosts.length === hosts;
  });

/** Macs on which a VM of an image was made for a job. */
function ranOn(world: Scenario) {
  const seen = new Map<string, Set<number>>();
  const look = () => {
    for (const [index, { world: mac }] of world.macs.entries()) {
      for (const { power, digest: of } of mac.vms.values()) {
        if (power !== null && of !== null) seen.set(of, (seen.get(of) ?? new Set()).add(index));
      }
    }
  };
  const timer = setInterval(look, 5);
  return { of: (digit: string) => seen.get(digest(digit))?.size ?? 0, end: () => clearInterval(timer) };
}

async function served(world: Scenario, jobs: number): Promise<void> {
  const pushed = world.push(Array.from({ length: jobs }, () => ({})));
  await world.isClean();
  expect(conclusions(pushed)).toEqual(Array.from({ length: jobs }, () => 'success'));
}

test('an image without a runner is tried on one of two hosts, across a restart, and goes back; all jobs are served', async () => {
  await using world = await scenario({
    macs: 2,
    config: { controller: { base_vms: true } },
  });
  // The trial of a label without jobs would wait for them.
  await world.rewrite((config) => {
    delete (config.labels as Record<string, object>)['jeballto-macos-large'];
  });
  move(world, 'a');
  const daemon = await world.start();
  await isOn(world, 'current', 'a', 2);
  await served(world, 4);
  const ran = ranOn(world);
  move(world, 'b', { missingTools: ['run.sh'] });
  await isOn(world, 'trial', 'b', 1);
  expect(await imageOf(world)).toMatchObject({ state: 'trying' });
  await served(world, 2);
  await daemon.drain();
  await world.start();
  for (let n = 0; n < 10 && (await imageOf(world)).state === 'trying'; n += 1) await served(world, 2);
  const image = await imageOf(world);
  expect(image).toMatchObject({
    state: 'refused',
    sentence: expect.stringContaining('The guest lacks run.sh'),
  });
  expect(ran.of('b')).toBe(1);
  ran.end();
  // The base of the refused image is removed; those of the old one were there all the time.
  await world.until(() => world.vms().every((vm) => vm.digest === digest('a')));
  const metrics = await (await fetch(`${world.adminUrl}/metrics`)).text();
  expect(metrics).toContain(`jeballto_runner_image_refused{profile="${LABEL}"} 1`);
  expect(metrics).toContain(
    `jeballto_runner_image_on_host{profile="${LABEL}",host="mac-1",digest="${digest('a')}",role="current"} 1`,
  );

  // Its maker pushes it again: that is tried, and spreads.
  move(world, 'c');
  await isIn(world, 'trying');
  for (let n = 0; n < 20 && (await imageOf(world)).state === 'trying'; n += 1) await served(world, 2);
  await isOn(world, 'current', 'c', 2);
  await world.until(() => world.vms().every((vm) => vm.digest === digest('c')));
});

test('a digest that a reload changes goes the same way, without base VMs, and an operator can bring it back', async () => {
  await using world = await scenario({ macs: 2 });
  const setImage = (image: string) =>
    world.rewrite((config) => Object.assign(config.labels as object, { [LABEL]: { image } }));
  await setImage(pinned('a'));
  const daemon = await world.start();
  await served(world, 2);
  await setImage(pinned('b'));
  expect(await daemon.reload('ada')).toMatchObject({ outcome: 'applied' });
  expect(await imageOf(world)).toMatchObject({ state: 'trying' });
  const ran = ranOn(world);
  await served(world, 1);
  await isOn(world, 'trial', 'b', 1);
  await served(world, 3);
  expect([ran.of('a'), ran.of('b')]).toEqual([expect.any(Number), 1]);
  ran.end();
  await world.order(`/api/images/${LABEL}/spread`, 'ada');
  expect((await imageOf(world)).versions[0]).toMatchObject({ role: 'current', digest: digest('b') });
  await world.order(`/api/images/${LABEL}/back`, 'ada');
  expect(await imageOf(world)).toMatchObject({
    state: 'refused',
    sentence: expect.stringContaining('ada ordered it.'),
  });
  await served(world, 2);
});

test('a tag without base VMs is used at once, and it is said why', async () => {
  await using world = await scenario();
  move(world, 'a');
  await world.start();
  await served(world, 1);
  const image = await imageOf(world);
  expect(image).toMatchObject({ state: 'atOnce', sentence: expect.stringContaining('controller.base_vms') });
  expect(image.versions).toMatchObject([
    { digest: digest('a'), hosts: ['mac-1'], runner: expect.any(String) },
  ]);
  const response = await fetch(`${world.adminUrl}/api/images/${LABEL}/spread`, { method: 'POST' });
  expect([response.status, await response.text()]).toEqual([409, expect.stringContaining('base_vms')]);
});
