import type { AgentClient } from '../../agent/agent-client.ts';
import type { AgentVm } from '../../agent/agent-responses.ts';
import { pullImage } from '../../agent/pull-image.ts';
import { sizeVm } from '../../agent/size-vm.ts';
import { isPoweredOn } from '../../agent/vm-state.ts';
import type { Profile } from '../../config/profile.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { cloneBase } from '../../upkeep/bases/clone-base.ts';
import { earlyEffect } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';

/** Answers after which the VM may or may not come into being. */
const isAmbiguous = (error: unknown) => hasCode(error, 'HOST_UNREACHABLE', 'AGENT_ERROR', 'UNEXPECTED');

/**
 * One VM by this name, sized: a clone of the profile's base VM where the host has one, which needs neither pull nor
 * registry, and made from the profile's image where not. The agent does not keep names unique and shows a VM only
 * when its create has ended, so: look by name, never send a second create or clone for a name whose first one may
 * still take effect.
 */
export const createVm = earlyEffect(
  'createVm',
  async (world, { host, vmName, profile: label, isWarm = false }, signal, ordered) => {
    const client = world.agent(host);
    const profile = world.profile(label);
    await world.creates.finished(vmName, signal);
    // Asked before each look: one that may appear until just after the look is not missing yet.
    const mayStillAppear = () => world.creates.outcome(vmName) === 'unknown';
    let mayAppear = mayStillAppear();
    const seen = await client.findVms(vmName, { signal });
    await ordered();

    let vm = await theOnlyVm(client, vmName, seen, signal);
    const base = world.bases.forVm(vmName, host, label);
    if (vm === null && base.state === 'none') {
      await pullImage(client, profile.image, {
        clock: world.clock,
        timeout: world.pullTimeout,
        onProgress: (text) => world.progress(vmName, text),
        signal,
      });
      if (mayAppear) {
        mayAppear = mayStillAppear();
        vm = await theOnlyVm(client, vmName, await client.findVms(vmName, { signal }), signal);
      }
    }
    if (vm === null) {
      if (mayAppear) {
        world.progress(vmName, 'waiting until an earlier create can take effect no more');
        throw new DaemonError(
          'VM_MAY_APPEAR',
          `An earlier create of ${vmName} on ${host} may still take effect; a second one would make a double.`,
        );
      }
      signal.throwIfAborted();
      const without = base.why === null ? '' : `, with no base VM: ${base.why}`;
      world.progress(vmName, base.state === 'ready' ? `cloning ${base.name}` : `creating the VM${without}`);
      const lifetimeSeconds = lifetimeOf(world, profile, isWarm);
      const request = { name: vmName, image: profile.image, ephemeral: true, lifetimeSeconds };
      vm = await world.creates.send(
        vmName,
        () =>
          base.state === 'ready'
            ? cloneBase(client, world.bases, base, {
                host,
                vmName,
                profile: label,
                sizes: profile,
                lifetimeSeconds,
              })
            : client.createVm(request),
        { isAmbiguous, signal },
      );
    }
    await sizeVm(client, vm, profile, signal);
    world.bases.forget(vmName);
    world.progress(vmName, null);
    return { vmId: vm.id };
  },
);

/** The agent takes no more than a week. */
const LONGEST_LIFETIME = 604_800;

function lifetimeOf({ warmMaxAge }: EffectWorld, { lifetimeSeconds }: Profile, isWarm: boolean): number {
  const standingBy = isWarm ? Math.ceil(warmMaxAge / 1000) : 0;
  return Math.min(LONGEST_LIFETIME, lifetimeSeconds + standingBy);
}

/** Deletes what an agent made twice for one create. */
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
      `A VM named ${name} is ${powered.state}, and this attempt has started none: its record was lost. It is left to the collector, and the next name is taken.`,
    );
  }
  const [vm, ...doubles] = vms;
  for (const double of doubles) await client.deleteVm(double.id, { signal });
  if (!vm || vm.state === 'stopped' || vm.state === 'created') return vm ?? null;
  throw new DaemonError(
    'VM_CREATE_FAILED',
    `A VM named ${name} exists in state ${vm.state}, not freshly made; the attempt ends and cleans it up.`,
  );
}
