import { describe, expect, test, vi } from 'vitest';
import { createVm } from '../../src/effects/vm/create-vm.ts';
import type { Pulls } from '../../src/hosts/pulls.ts';
import { withDigest } from '../../src/images/image-reference.ts';
import { NO_ROLLOUTS } from '../../src/images/no-rollouts.ts';
import { IMAGE } from '../simulator/agent/agent-fixture.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { fixture, NAME } from './create-vm-fixture.ts';
import { failing, STAYS, STORED } from './effect-fixture.ts';

describe('a pull that fails', () => {
  test.each([
    ['a registry that is down', { status: 503 }],
    ['a pull that took too long', { status: 504 }],
    ['a pull that was cancelled', { status: 499 }],
    ['any other cause', { status: 500 }],
    ['an image that the agent cannot read', { status: 400, code: 'INVALID_IMAGE' }],
  ])('because of %s ends the attempt with IMAGE_NOT_READY, and no create follows', async (_what, fault) => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac pull *', ...fault, times: 1 });
    const posts = at.counted('POST /vms');
    await expect(at.create()).rejects.toMatchObject(failing('IMAGE_NOT_READY', { disposition: 'giveUp' }));
    expect(posts.hits).toBe(0);
    expect(await at.create()).toMatchObject({ vmId: expect.any(String) });
  });

  test('or takes longer than 5 s holds no slot: the attempt ends with IMAGE_NOT_READY', async () => {
    const at = await fixture();
    const clock = new ManualClock();
    const ensure = vi.fn(() => new Promise<void>(() => undefined));
    const pulls = { ensure } as unknown as Pulls;
    const creating = expect(at.create({ ...at.newWorld(), clock, pulls })).rejects.toMatchObject(
      failing('IMAGE_NOT_READY'),
    );
    await vi.waitFor(() => expect(ensure).toHaveBeenCalled());
    await clock.pass(5_000);
    await creating;
    expect(at.vms()).toEqual([]);
  });

  test('because of a restart of the agent is started again by the next attempt', async () => {
    const at = await fixture({ mac: { latencies: { pull: 600 } } });
    const pulling = at.create();
    await vi.waitFor(() => expect(at.mac.world.pulls.size).toBe(1));
    const failed = expect(pulling).rejects.toMatchObject(failing('IMAGE_NOT_READY'));
    await at.mac.restart('crash', 0);
    await failed;
    await at.create();
    expect(at.vms()).toEqual([`${NAME} stopped`]);
  });
});

describe('a VM of a known image', () => {
  const [old, next] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
  const image = { reference: IMAGE, digest: old };

  /** The tag has the old digest for the daemon, and this one for the registry. */
  async function ordered(digest: string) {
    const at = await fixture({ mac: { registry: { images: { [IMAGE]: { digest } } } } });
    const seen: string[] = [];
    const rollouts = {
      ...NO_ROLLOUTS,
      saw: (_reference: string, has: string) => void seen.push(has),
      referenceFor: (one: typeof image) =>
        seen.includes(next) ? withDigest(one.reference, one.digest) : one.reference,
    };
    const create = () => createVm.run({ ...at.world, rollouts }, { ...at.input, image }, STAYS, STORED);
    return { ...at, create, seen };
  }

  test('is made from its tag while the tag has its digest', async () => {
    const at = await ordered(old);
    const { vmId } = await at.create();
    expect([at.vm(vmId).digest, at.seen]).toEqual([old, []]);
  });

  test('is not used when its tag moved just now; the next one is made from its digest', async () => {
    const at = await ordered(next);
    await expect(at.create()).rejects.toMatchObject(failing('IMAGE_NOT_READY'));
    expect(at.seen).toEqual([next]);
    await at.destroy();
    const { vmId } = await at.create();
    expect(at.vm(vmId).digest).toBe(old);
  });
});
