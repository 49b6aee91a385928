import { isOurs } from './request-laws.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What is not over or not gone; nothing, once a run has come to rest. */
export function leftovers(world: SimulatedWorld): string[] {
  const { committed, github, macs, scenario } = world;
  // A warm VM on its way is not counted: it is to end up warm, or gone.
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
  }
  for (const runner of github.runners.values()) {
    if (isOurs(runner.name)) left.push(`nothing of ours is left: runner ${runner.name} is registered`);
  }
  for (const job of github.jobs.values()) {
    const { status } = job.state;
    const isForUs = job.spec.labels.some((label) => label === 'mac' || label === 'mac-large');
    const isUp = status === 'completed' || status === 'waiting' || committed.isSettled(job.id);
    if (isForUs && !isUp) left.push(`every job is served: job ${job.id} is ${status}`);
  }
  return left;
}
