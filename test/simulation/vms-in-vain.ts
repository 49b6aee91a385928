import { labelBySize, labelOf } from './job-groups.ts';
import { LONGEST_PAUSE } from './longest-pause.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

interface InVain {
  /** The job whose runner was launched in it, or else the one that it was made for; 0 for a warm VM without one. */
  jobId: number;
  madeAt: number;
  /** Epoch ms: a warm VM is made long before its runner is launched in vain. */
  usedAt: number;
  mac: Mac;
  label: string;
}

/** VMs that were made for a job, or had a runner for one, and ended without one. */
function inVain(world: SimulatedWorld): InVain[] {
  return world.ledger.vms.flatMap(({ jobId, vm, madeAt, hadJob, runner, launched, mac }) => {
    if (hadJob) return [];
    const made = { jobId: launched?.jobId ?? jobId, madeAt, usedAt: launched?.at ?? madeAt, mac };
    const job = world.github.jobs.get(jobId);
    if (job) return [{ ...made, label: labelOf(job) ?? '' }];
    // A warm VM is no job's until a runner is launched in it.
    return runner === null ? [] : [{ ...made, label: labelBySize(vm.resources.cpuCount) }];
  });
}

/** Whether VMs of two profiles ended in vain on a host: it is rightly held back as a whole. */
function isSuspect(mac: Mac, vms: readonly InVain[]): boolean {
  return new Set(vms.filter((one) => one.mac === mac).map(({ label }) => label)).size > 1;
}

/**
 * Milliseconds from the making of the first VM that ended without a job to the use of the last one, among those
 * made for the profile and those on a suspect host.
 */
export function spanInVain(world: SimulatedWorld, label: string): number {
  const vms = inVain(world);
  const made = vms.filter((one) => one.label === label || isSuspect(one.mac, vms));
  if (made.length === 0) return 0;
  return Math.max(...made.map(({ usedAt }) => usedAt)) - Math.min(...made.map(({ madeAt }) => madeAt));
}

/**
 * Epoch ms at which the last VM was made on a suspect host, whichever profile it has; 0 when there is none. When the
 * pause of this profile there is over, it has every second trial: what comes after one of the others does not count.
 */
export function lastTrial(world: SimulatedWorld, label: string, from: number): number {
  const vms = inVain(world);
  const trials = [...world.macs.values()]
    .filter((mac) => isSuspect(mac, vms))
    .map((mac) => {
      const made = vms.filter((one) => one.mac === mac);
      const own = Math.max(from, ...made.filter((one) => one.label === label).map(({ madeAt }) => madeAt));
      const others = made
        .filter((one) => one.label !== label && one.madeAt > own + LONGEST_PAUSE)
        .map(({ madeAt }) => madeAt);
      return others.length > 1 ? Math.min(...others) : Math.max(0, ...made.map(({ madeAt }) => madeAt));
    });
  return Math.max(0, ...trials);
}

/** VMs of a job that the daemon may not count as in vain, because their host was lost, full or drained. */
const UNCOUNTED = 1;

/**
 * Epoch ms at which the last VM was used that ended in vain and was for another job of the profile, since `from`; 0 when
 * one of them was for a job that had more VMs in vain than this job. What holds the profile back lets one VM try after
 * each pause, for the job with the fewest among those that are not in a pause of their own.
 */
export function lastTurn(world: SimulatedWorld, label: string, jobId: number, from: number): number {
  const ofProfile = inVain(world).filter((one) => one.label === label && one.jobId > 0);
  const before = (id: number, until: number) =>
    ofProfile.filter((one) => one.jobId === id && one.usedAt < until);
  const turns = ofProfile.filter((one) => one.jobId !== jobId && one.usedAt > from);
  const isPassedOver = turns.some((one) => {
    const own = before(jobId, one.usedAt);
    return before(one.jobId, one.usedAt).length > own.length + UNCOUNTED && one.madeAt > pausedUntil(own);
  });
  return isPassedOver ? 0 : Math.max(0, ...turns.map(({ usedAt }) => usedAt));
}

/** Epoch ms at which a job's own pause after its VMs in vain ends at the latest: a doubled pause is never longer than all before it. */
function pausedUntil(own: readonly InVain[]): number {
  if (own.length === 0) return 0;
  const last = Math.max(...own.map(({ usedAt }) => usedAt));
  return last + Math.min(LONGEST_PAUSE, last - Math.min(...own.map(({ madeAt }) => madeAt)));
}
