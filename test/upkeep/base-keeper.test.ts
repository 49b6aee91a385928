import { expect, onTestFinished, test, vi } from 'vitest';
import { parseBaseName } from '../../machines/resource-name.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { withDigest } from '../../src/images/image-reference.ts';
import { addForeignVm, removeForeignVm } from '../../src/simulator/agent/control.ts';
import type { AgentSettings } from '../../src/simulator/agent/options.ts';
import { BaseKeeper } from '../../src/upkeep/bases/base-keeper.ts';
import {
  type EffectFixtureOptions,
  effectFixture,
  LABEL,
  LARGE,
  LARGE_SIZE,
} from '../effects/effect-fixture.ts';
import { rolloutsFixture } from '../images/rollouts-fixture.ts';
import { IMAGE } from '../simulator/agent/agent-fixture.ts';
import { soon } from '../support/soon.ts';

vi.setConfig({ testTimeout: 60_000 });

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const holding = (digit: string): AgentSettings => ({
  registry: { images: { [IMAGE]: { digest: digest(digit) } } },
});

async function keeping(options: EffectFixtureOptions = {}) {
  const at = await effectFixture({ mac: holding('a'), controller: { base_vms: true }, ...options });
  const { clock, log, host, mac } = at;
  let isCordoned = false;
  const images = rolloutsFixture();
  images.open = [host];
  const ofTag = { images: { [LABEL]: IMAGE, [LARGE]: IMAGE } };
  /** The decisions of each process of the daemon; the first is that of `at.world`. */
  const rollouts = new Map([[at.world, images.start(ofTag)]]);
  const rolloutsOf = (world: EffectWorld) => {
    const known = rollouts.get(world) ?? images.start(ofTag);
    rollouts.set(world, known);
    return known;
  };
  /** Starts a keeper, which ends with the test; returns how to stop it earlier. */
  const keep = (world: EffectWorld = at.world, interval = 100) => {
    const given = Object.assign(world, { rollouts: rolloutsOf(world) });
    const keeper = new BaseKeeper({
      ...{ world: given, hosts: [host], profiles: [LABEL, LARGE], namePrefix: 'gh-t', clock, log, interval },
      isCordoned: () => isCordoned,
    });
    keeper.start();
    const stop = () => keeper.stop();
    onTestFinished(stop);
    return stop;
  };
  const of = (profile: string, world = at.world) =>
    world.bases.of(host, profile, rolloutsOf(world).wanted(host, profile)[0] ?? null);
  const isReady = (world = at.world) =>
    soon(() => {
      const [one, other] = [of(LABEL, world), of(LARGE, world)];
      if (one.state !== 'ready' || other.state !== 'ready' || one.why || other.why)
        throw new Error(`not ready: ${JSON.stringify([one, other])}`);
      return [one, other] as const;
    });
  /** Waits for the base of the small profile and an image. */
  const baseOf = (digit: string) =>
    soon(() => {
      const base = at.world.bases.of(host, LABEL, { digest: digest(digit) });
      if (base.state !== 'ready') throw new Error('it is not there yet');
      return base;
    });
  return {
    ...at,
    keep,
    baseOf,
    rollouts: () => rolloutsOf(at.world),
    of,
    isReady,
    bases: () => [...mac.world.vms.values()].filter(({ name }) => parseBaseName('gh-t', name) !== null),
    /** The tag points to another image from now on. */
    move: (digit: string) => {
      mac.world.options.registry.images[IMAGE] = { digest: digest(digit) };
    },
    cordon: (is: boolean) => {
      isCordoned = is;
    },
  };
}

test('each profile gets one base, resized and not ephemeral, and later looks make no second one', async () => {
  const at = await keeping();
  at.keep();
  const [small, large] = await at.isReady();
  expect(at.vm(large.vmId)).toMatchObject({ ...stoppedBase, resources: LARGE_SIZE });
  expect(at.vm(small.vmId)).toMatchObject(stoppedBase);
  const looks = at.counted('GET /vms');
  await soon(() => expect(looks.hits).toBeGreaterThan(5));
  expect(at.mac.world.vmsCreated).toBe(2);
  for (const vm of at.bases()) expect(at.world.bases.keeps(at.host, vm)).toBe(true);
});

const stoppedBase = { state: 'stopped', ephemeral: false, lifetimeSeconds: null };

test('a new daemon finds the bases by their names, without asking a registry', async () => {
  const at = await keeping();
  const stop = at.keep();
  const before = await at.isReady();
  await stop();
  at.mac.faults.add({ route: 'mac pull *', status: 503 });
  const successor = at.newWorld();
  at.keep(successor);
  await soon(() => {
    for (const [n, profile] of [LABEL, LARGE].entries())
      expect(at.of(profile, successor)).toMatchObject({ state: 'ready', vmId: before[n]?.vmId });
  });
  await soon(() => expect(at.of(LABEL, successor).why).toMatch(/registry/));
  expect(at.mac.world.vmsCreated).toBe(2);
});

test('when the tag moves, the base of the old image stays beside that of the next one until it spreads', async () => {
  const at = await keeping();
  at.keep();
  const [before] = await at.isReady();
  at.move('b');
  const after = await at.baseOf('b');
  const kept = (id: string) => at.world.bases.keeps(at.host, at.vm(id));
  expect([kept(before.vmId), kept(after.vmId)]).toEqual([true, true]);
  expect(at.rollouts().order('spread', LABEL, 'ada')).toBeNull();
  await soon(() => expect([kept(before.vmId), kept(after.vmId)]).toEqual([false, true]));
});

test('when the next image is refused, its base is not kept, and that of the old image is', async () => {
  const at = await keeping();
  at.keep();
  const [before] = await at.isReady();
  at.move('b');
  const after = await at.baseOf('b');
  at.rollouts().order('back', LABEL, 'ada');
  const kept = (id: string) => at.world.bases.keeps(at.host, at.vm(id));
  await soon(() => expect([kept(before.vmId), kept(after.vmId)]).toEqual([true, false]));
});

test('a base of the old image that is lost while the next one is tried is made again, by its digest', async () => {
  const at = await keeping();
  at.keep();
  const [before] = await at.isReady();
  at.move('b');
  await soon(() => expect(at.rollouts().wanted(at.host, LABEL)).toHaveLength(2));
  await removeForeignVm(at.mac.world, at.vm(before.vmId));
  await soon(() => {
    const base = at.of(LABEL);
    if (base.state !== 'ready' || base.vmId === before.vmId) throw new Error('it is not there yet');
  });
  expect([...at.mac.world.images.local.keys()]).toContain(withDigest(IMAGE, digest('a')));
});

test('a tag that moves during the making of its base leaves that unfinished, and the base is made by its digest', async () => {
  const at = await keeping();
  at.mac.faults.add({ route: 'mac create *', delayMs: 200, times: 1 });
  const creates = at.counted('POST /vms');
  at.keep();
  await soon(() => expect(creates.hits).toBe(1));
  // The create has already pulled the tag when the delay begins.
  await soon(() => expect([...at.mac.world.pulls.values()].length).toBeGreaterThan(1));
  at.move('b');
  await at.isReady();
  const isComplete = ({ name }: { name: string }) => parseBaseName('gh-t', name)?.isComplete === true;
  expect(at.bases().filter(isComplete).length).toBeGreaterThanOrEqual(2);
  expect([...at.mac.world.images.local.keys()]).toContain(withDigest(IMAGE, digest('a')));
  // The base of the image to which the tag moved may still be in the making: it is kept until it is complete.
  await soon(() => {
    const unfinished = at.bases().filter((vm) => !isComplete(vm));
    // Two, when the other base was being made from the tag at that moment as well.
    expect([1, 2]).toContain(unfinished.length);
    for (const vm of unfinished) expect(at.world.bases.keeps(at.host, vm)).toBe(false);
  });
  expect(at.logged.join('\n')).toContain('moved while a base VM was created from it');
});

test('a base whose response was lost stays unfinished and is given up for another name', async () => {
  const at = await keeping();
  at.mac.faults.add({ route: 'POST /vms', drop: 'after', times: 1 });
  at.keep();
  await at.isReady();
  const names = at.bases().map(({ name }) => name);
  expect(new Set(names).size).toBe(3);
  expect(names.filter((name) => parseBaseName('gh-t', name)?.isComplete)).toHaveLength(2);
});

test('an agent that cannot clone gets no base, and no base there is kept', async () => {
  const at = await keeping();
  const old = addForeignVm(at.mac.world, { name: 'gh-t-base-0123456789abcdef', state: 'stopped' });
  at.mac.faults.add({ route: 'POST /vms/:id/clone', status: 404, code: 'NOT_FOUND' });
  at.keep();
  await soon(() => expect(at.of(LABEL)).toEqual({ state: 'none', why: 'its agent cannot clone' }));
  expect([at.mac.world.vmsCreated, at.world.bases.keeps(at.host, old)]).toEqual([0, false]);
});

test('a cordoned host gets no base until it takes jobs again', async () => {
  const at = await keeping();
  at.cordon(true);
  at.keep();
  const looks = at.counted('GET /vms');
  await soon(() => expect(looks.hits).toBeGreaterThan(3));
  expect(at.mac.world.vmsCreated).toBe(0);
  at.cordon(false);
  await at.isReady();
});

test('while a digest is unknown, everything that looks like a base is kept', async () => {
  const at = await keeping();
  const vm = addForeignVm(at.mac.world, { name: 'gh-t-base-0123456789abcdef', state: 'stopped' });
  at.mac.faults.add({ route: 'mac pull *', status: 503, times: 1 });
  at.keep(at.world, 60_000);
  await soon(() => expect(at.of(LABEL).why).toMatch(/the last try failed: .*registry/));
  expect(at.world.bases.keeps(at.host, vm)).toBe(true);
  at.world.bases.keep(at.host, new Set());
  expect(at.world.bases.keeps(at.host, vm)).toBe(false);
});

test('the failure of a host that does not respond is shown, and its bases stay known', async () => {
  const at = await keeping();
  at.keep();
  await at.isReady();
  at.mac.faults.add({ route: 'GET /health', status: 503 });
  await soon(() =>
    expect(at.of(LABEL)).toMatchObject({ state: 'ready', why: expect.stringMatching(/the last try failed/) }),
  );
  at.mac.faults.clear();
  await at.isReady();
});
