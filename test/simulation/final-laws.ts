import { parseBaseName } from '../../machines/resource-name.ts';
import { rolloutOf } from './image-law.ts';
import { isOurs, NAME_PREFIX } from './request-laws.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

/** What has not ended or is not removed; empty once a run has come to rest. */
export function leftovers(world: SimulatedWorld): string[] {
  const { committed, github, macs, scenario } = world;
  // A warm VM that is still on its way is not counted here: it has to become warm, or be removed.
  const warm = committed.jobs().filter(({ value }) => value === 'warm');
  const isWarm = (name: string) => warm.some(({ context }) => context.vm?.name === name);
  const left = committed
    .jobs()
    .filter((job) => !warm.includes(job))
    .map(({ key, value }) => `law 9: teardown always ends: the record ${key} is in ${JSON.stringify(value)}`);
  const { warm: wanted } = scenario.daemon;
  const room = [...macs.values()].reduce((slots, { agent }) => slots + agent.options.slots, 0);
  const expected = Math.min(room, wanted.mac + wanted['mac-large']);
  if (warm.length !== expected) left.push(`warm VMs stand by: ${warm.length} of ${expected} do`);
  for (const mac of macs.values()) {
    for (const vm of mac.agent.vms.values()) {
      if (isOurs(vm.name) && !isWarm(vm.name))
        left.push(`nothing of ours is left: VM ${vm.name} on ${mac.name} is ${vm.state}`);
    }
    left.push(...wrongBases(world, mac));
  }
  for (const runner of github.runners.values()) {
    if (isOurs(runner.name)) left.push(`nothing of ours is left: runner ${runner.name} is registered`);
  }
  for (const job of github.jobs.values()) {
    const { status } = job.state;
    const isForUs = job.spec.labels.some((label) => label === 'mac' || label === 'mac-large');
    const isUp = status === 'completed' || status === 'waiting';
    if (isForUs && world.isServed(job.run.repository) && !isUp)
      left.push(`every job is served: job ${job.id} is ${status}`);
  }
  return left;
}

/** CPUs of a VM of each profile: that of the image, and that of the config. */
const CPUS = { mac: 4, 'mac-large': 8 };

/**
 * Each profile must have one base of the image that it uses, on the host of a trial one of the tried image, too, and
 * nothing else may have a name like one.
 */
function wrongBases({ committed, scenario }: SimulatedWorld, { name: mac, agent }: Mac): string[] {
  const bases = [...agent.vms.values()].flatMap((vm) => {
    const named = parseBaseName(NAME_PREFIX, vm.name);
    return named ? [{ ...named, vm }] : [];
  });
  const left = bases
    .filter(({ isComplete, vm }) => !isComplete || vm.state !== 'stopped' || vm.ephemeral)
    .map(({ vm }) => `no base is left unfinished: VM ${vm.name} on ${mac} is ${vm.state}`);
  const wanted = Object.entries(CPUS).flatMap(([profile, cpus]) => {
    const rollout = rolloutOf(committed, profile);
    if (!scenario.daemon.baseVms) return [];
    if (rollout === null) return [`${cpus} CPUs, unknown`];
    const digests = [rollout.current, ...(rollout.trial?.host === mac ? [rollout.trial] : [])];
    return digests.map(({ digest }) => `${cpus} CPUs, ${digest}`);
  });
  const there = bases.map(({ vm }) => `${vm.resources.cpuCount} CPUs, ${vm.digest}`);
  if (there.sort().join() !== wanted.sort().join())
    left.push(`each profile has one base: ${mac} has ${bases.map(({ vm }) => vm.name)}`);
  return left;
}
