import type { JobSnapshot } from './job-actors.ts';

/** The VMs of ours that hold a slot, or will as soon as the agent shows them, by host. */
export function slotClaims(jobs: Iterable<{ snapshot: JobSnapshot }>): Map<string, Set<string>> {
  const claims = new Map<string, Set<string>>();
  for (const { snapshot } of jobs) {
    const { vm } = snapshot.context;
    if (!vm || !snapshot.hasTag('holdsSlot')) continue;
    claims.set(vm.host, (claims.get(vm.host) ?? new Set()).add(vm.name));
  }
  return claims;
}
