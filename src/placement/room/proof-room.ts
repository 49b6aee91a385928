import type { HostSnapshot } from '../../../machines/host.ts';
import type { JobActors } from '../../jobs/job-actors.ts';

/**
 * Returns how many more VMs may be made on a host now: one at a time on a host that has to prove that it works. VMs
 * that were there before, and those that are being removed, do not count: a VM that cannot be removed would else close
 * the host.
 */
export function proofRoom(name: string, host: HostSnapshot, actors: Pick<JobActors, 'making'>): number {
  if (!host.hasTag('proves')) return Number.POSITIVE_INFINITY;
  const isOneBeingMade = [...actors.making()].some(({ snapshot }) => snapshot.context.vm?.host === name);
  return isOneBeingMade ? 0 : 1;
}
