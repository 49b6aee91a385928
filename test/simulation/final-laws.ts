import { isOurs } from './request-laws.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What is not over or not gone; nothing, once a run has come to rest. */
export function leftovers(world: SimulatedWorld): string[] {
  const { committed, github, macs } = world;
  const left = committed
    .jobs()
    .map(({ key, value }) => `law 9: teardown always ends: the record ${key} is in ${JSON.stringify(value)}`);
  for (const mac of macs.values()) {
    for (const vm of mac.agent.vms.values()) {
      if (isOurs(vm.name)) left.push(`nothing of ours is left: VM ${vm.name} on ${mac.name} is ${vm.state}`);
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
