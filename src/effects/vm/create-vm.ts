import { failureOf } from '../../../machines/failure.ts';
import type { VmImage } from '../../../machines/job/context.ts';
import type { AgentClient } from '../../agent/agent-client.ts';
import type { AgentVm } from '../../agent/agent-responses.ts';
import { sizeVm } from '../../agent/size-vm.ts';
import { isPoweredOn } from '../../agent/vm-state.ts';
import { startTimeout } from '../../clock.ts';
import type { Profile } from '../../config/profile.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { QUICK } from '../../hosts/pulls.ts';
import { digestIn } from '../../images/image-reference.ts';
import { cloneBase } from '../../upkeep/bases/clone-base.ts';
import { earlyEffect } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';
import { appearsNoMore } from './appears-no-more.ts';

/** Errors after which the agent may have made the VM. */
const isAmbiguous = (error: unknown) => hasCode(error, 'HOST_UNREACHABLE', 'AGENT_ERROR', 'UNEXPECTED');

/**
 * Makes one VM with this name and its sizes. When the host has a base VM of the profile, it is a clone of
 * that, which needs neither pull nor registry; otherwise it is made from the profile's image. The agent does
 * not keep names unique and lists a VM only when its create or its copying has ended. So this effect looks by
 * name, and never sends a second create or clone for a name while the first one may still take effect.
 * Rejects with VM_BUSY when it finds a clone whose disk still grows.
 */
export const createVm = earlyEffect(
  'createVm',
  async (world, { host, vmName, profile: label, image = null, isWarm = false }, signal, ordered) => {
    const client = world.agent(host);
    const profile = world.profile(label);
    await world.creates.finished(vmName, signal);
    // Read before each list of VMs: a VM that may appear just after the list was made does not count as
    // missing.
    const mayStillAppear = () => world.creates.outcome(vmName) === 'unknown';
    let mayAppear = mayStillAppear();
    const [seen, uptime] = await Promise.all([client.findVms(vmName, { signal }), uptimeOf(client, signal)]);
    await ordered();

    let vm = await theOnlyVm(client, vmName, seen, signal);
    let isCloned = false;
    const base = world.bases.forVm(vmName, host, label, image);
    const reference = image ? world.rollouts.referenceFor(image) : profile.image;
    if (vm === null && base.state === 'none') {
      await imageReady(world, host, reference, signal);
      if (mayAppear) {
        mayAppear = mayStillAppear();
        vm = await theOnlyVm(client, vmName, await client.findVms(vmName, { signal }), signal);
      }
    }
    if (vm === null) {
      if (mayAppear && !(await appearsNoMore(world, client, vmName, signal))) {
        world.progress(vmName, 'waiting until an earlier create can no longer take effect');
        throw new DaemonError(
          'VM_MAY_APPEAR',
          `It is not known whether an earlier request still creates ${vmName} on ${host}. A second one could make two VMs of this name, so the daemon waits until the first can no longer take effect.`,
        );
      }
      signal.throwIfAborted();
      const without = base.why === null ? '' : `, with no base VM: ${base.why}`;
      world.progress(vmName, base.state === 'ready' ? `cloning ${base.name}` : `creating the VM${without}`);
      const lifetimeSeconds = lifetimeOf(world, profile, isWarm);
      const request = { name: vmName, image: reference, ephemeral: true, lifetimeSeconds };
      isCloned = base.state === 'ready';
      vm = await world.creates.send(
        vmName,
        () =>
          base.state === 'ready'
            ? cloneBase(client, world.bases, base, {
                host,
                vmName,
                profile: label,
                image,
                sizes: profile,
                lifetimeSeconds,
              })
            : client.createVm(request),
        { isAmbiguous, signal, uptime },
      );
    }
    if (image && !isCloned) await confirmDigest(world, client, reference, image, signal);
    await sizeVm(client, vm, profile, signal);
    world.bases.forget(vmName);
    world.progress(vmName, null);
    return { vmId: vm.id };
  },
);

/** Seconds; null when the agent does not say, which only means that less can be proven later. */
function uptimeOf(client: AgentClient, signal: AbortSignal): Promise<number | null> {
  return client.health({ signal }).then(
    ({ uptime }) => uptime,
    () => null,
  );
}

/**
 * Resolves when the host has the image. Rejects with IMAGE_NOT_READY when it has to be pulled first, which
 * may take an hour or never end: the pull belongs to the host and goes on, and other jobs can use the slot.
 */
async function imageReady(
  world: EffectWorld,
  host: string,
  image: string,
  signal: AbortSignal,
): Promise<void> {
  const notReady = (why: string) =>
    new DaemonError('IMAGE_NOT_READY', `${host} does not have the image ${image} yet: ${why}`);
  signal.throwIfAborted();
  const timeout = startTimeout(world.clock, QUICK, signal);
  const slow = new Promise<never>((_, reject) => {
    const end = () => reject(signal.aborted ? signal.reason : notReady('it is being pulled.'));
    timeout.signal.addEventListener('abort', end, { once: true });
  });
  const pulled = world.pulls.ensure(host, image).catch((error: unknown) => {
    throw notReady(failureOf(error).message);
  });
  try {
    await Promise.race([pulled, slow]);
  } finally {
    timeout.end();
  }
}

/**
 * Throws IMAGE_NOT_READY when the agent made the VM from another digest than was ordered: a tag moved just now,
 * and its new image must not be used on a second host before its trial is over.
 */
async function confirmDigest(
  world: EffectWorld,
  client: AgentClient,
  reference: string,
  image: VmImage,
  signal: AbortSignal,
): Promise<void> {
  if (digestIn(reference) !== null) return;
  const images = await client.listImages({ signal });
  const has = images.find((one) => one.reference === reference)?.digest ?? image.digest;
  if (has === image.digest) return;
  world.rollouts.saw(reference, has);
  throw new DaemonError(
    'IMAGE_NOT_READY',
    `${reference} moved just now, so the VM is not of the image that it was ordered from: the next attempt uses that one by its digest.`,
  );
}

/** Seconds, a week: the agent accepts no more. */
const MAX_LIFETIME = 604_800;

function lifetimeOf({ warmMaxAge }: EffectWorld, { lifetimeSeconds }: Profile, isWarm: boolean): number {
  const waiting = isWarm ? Math.ceil(warmMaxAge / 1000) : 0;
  return Math.min(MAX_LIFETIME, lifetimeSeconds + waiting);
}

/** The VM of a name, or null. When the agent made two VMs for one create, it deletes the second. */
async function theOnlyVm(
  client: AgentClient,
  name: string,
  vms: AgentVm[],
  signal: AbortSignal,
): Promise<AgentVm | null> {
  const powered = vms.find(({ state }) => isPoweredOn(state));
  if (powered) {
    throw new DaemonError(
      'VM_NAME_TAKEN',
      `A VM named ${name} is ${powered.state}, but this attempt has not started it, so it belongs to a lost record. The collector removes it, and this attempt takes the next name.`,
    );
  }
  const [vm, ...doubles] = vms;
  for (const double of doubles) await client.deleteVm(double.id, { signal });
  if (!vm || vm.state === 'stopped' || vm.state === 'created') return vm ?? null;
  throw new DaemonError(
    'VM_CREATE_FAILED',
    `A VM named ${name} exists in state ${vm.state}, so it is not a new one: the attempt ends and deletes it.`,
  );
}
