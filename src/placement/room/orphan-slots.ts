import type { HostLook } from '../../../machines/host-look.ts';

/**
 * Looks after which a host's list shows everything that runs there: the first one may have begun too early.
 */
const LOOKS = 2;

interface Orphan {
  lastLook: HostLook | null;
  looks: number;
}

/**
 * Slots of VMs whose record went to quarantine. The agent still carries out what was ordered, so a VM may
 * come up that no list shows yet. Its slot counts until its host was looked at twice; then the list decides.
 */
export class OrphanSlots {
  /** By host, then by the name of the VM. */
  readonly #orphans = new Map<string, Map<string, Orphan>>();

  /** `look`: the last look at the host so far. */
  add(host: string, vmName: string, look: HostLook | null): void {
    const orphans = this.#orphans.get(host) ?? new Map<string, Orphan>();
    this.#orphans.set(host, orphans.set(vmName, { lastLook: look, looks: 0 }));
  }

  /** Names of VMs that use a slot of the host whatever its list shows; to be called with each look. */
  on(host: string, look: HostLook): string[] {
    const orphans = this.#orphans.get(host);
    if (!orphans) return [];
    for (const [vmName, orphan] of orphans) {
      if (orphan.lastLook === look) continue;
      orphan.lastLook = look;
      orphan.looks += 1;
      if (orphan.looks >= LOOKS) orphans.delete(vmName);
    }
    return [...orphans.keys()];
  }
}
