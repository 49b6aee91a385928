import { keyOf, keyOfScope, labelBySize, labelOf } from './job-groups.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

interface InVain {
  /** 0 for a warm VM. */
  jobId: number;
  madeAt: number;
  /** Epoch ms: a warm VM is made long before its runner is launched in vain. */
  usedAt: number;
  mac: Mac;
  label: string;
  group: string;
}

/** VMs that were made for a job, or had a runner for one, and ended without one. */
function inVain(world: SimulatedWorld): InVain[] {
  return world.ledger.vms.flatMap(({ jobId, vm, madeAt, hadJob, runner, launched, mac }) => {
    if (hadJob) return [];
    const made = { jobId, madeAt, usedAt: launched?.at ?? madeAt, mac };
    const job = world.github.jobs.get(jobId);
    if (job) {
      const label = labelOf(job) ?? '';
      return [{ ...made, label, group: keyOf(world, job, label) }];
    }
    // A warm VM is no job's until a runner is launched in it.
    if (runner === null) return [];
    const label = labelBySize(vm.resources.cpuCount);
    return [{ ...made, label, group: keyOfScope(runner.scope, label) }];
  });
}

/** Whether VMs of two profiles ended in vain on a host: it is rightly held back as a whole. */
function isSuspect(mac: Mac, vms: readonly InVain[]): boolean {
  return new Set(vms.filter((one) => one.mac === mac).map(({ label }) => label)).size > 1;
}

/**
 * Milliseconds from the making of the first VM that ended without a job to the use of the last one, among those
 * made for the group and those on a suspect host.
 */
export function spanInVain(world: SimulatedWorld, key: string): number {
  const vms = inVain(world);
  const made = vms.filter(({ group, mac }) => group === key || isSuspect(mac, vms));
  if (made.length === 0) return 0;
  return Math.max(...made.map(({ usedAt }) => usedAt)) - Math.min(...made.map(({ madeAt }) => madeAt));
}

/** Epoch ms at which the last VM was made on a suspect host; 0 when there is none. */
export function lastTrial(world: SimulatedWorld): number {
  const vms = inVain(world);
  return Math.max(0, ...vms.filter(({ mac }) => isSuspect(mac, vms)).map(({ madeAt }) => madeAt));
}

/**
 * Epoch ms at which the last VM was made that ended in vain and was for another job of the group, since `from`; 0 when
 * a job of them had two, and so the turns of this job, too. What holds the group back lets one VM try after each pause.
 */
export function lastTurn(world: SimulatedWorld, key: string, jobId: number, from: number): number {
  const turns = inVain(world).filter(
    (one) => one.group === key && one.jobId > 0 && one.jobId !== jobId && one.madeAt > from,
  );
  const isPassedOver = new Set(turns.map((one) => one.jobId)).size < turns.length;
  return isPassedOver ? 0 : Math.max(0, ...turns.map(({ madeAt }) => madeAt));
}
