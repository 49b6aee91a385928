import { keyOf, keyOfScope, labelBySize, labelOf } from './job-groups.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

interface InVain {
  madeAt: number;
  mac: Mac;
  label: string;
  group: string;
}

/** VMs that were made for a job, or had a runner for one, and ended without one. */
function inVain(world: SimulatedWorld): InVain[] {
  return world.ledger.vms.flatMap(({ jobId, vm, madeAt, hadJob, runner, mac }) => {
    if (hadJob) return [];
    const job = world.github.jobs.get(jobId);
    if (job) {
      const label = labelOf(job) ?? '';
      return [{ madeAt, mac, label, group: keyOf(world, job, label) }];
    }
    // A warm VM is no job's until a runner is launched in it.
    if (runner === null) return [];
    const label = labelBySize(vm.resources.cpuCount);
    return [{ madeAt, mac, label, group: keyOfScope(runner.scope, label) }];
  });
}

/** Whether VMs of two profiles ended in vain on a host: it is rightly held back as a whole. */
function isSuspect(mac: Mac, vms: readonly InVain[]): boolean {
  return new Set(vms.filter((one) => one.mac === mac).map(({ label }) => label)).size > 1;
}

/**
 * Milliseconds from the first to the last VM that ended without a job, among those made for the group and
 * those on a suspect host.
 */
export function spanInVain(world: SimulatedWorld, key: string): number {
  const vms = inVain(world);
  const made = vms
    .filter(({ group, mac }) => group === key || isSuspect(mac, vms))
    .map(({ madeAt }) => madeAt);
  return made.length === 0 ? 0 : Math.max(...made) - Math.min(...made);
}

/** Epoch ms at which the last VM was made on a suspect host; 0 when there is none. */
export function lastTrial(world: SimulatedWorld): number {
  const vms = inVain(world);
  return Math.max(0, ...vms.filter(({ mac }) => isSuspect(mac, vms)).map(({ madeAt }) => madeAt));
}
