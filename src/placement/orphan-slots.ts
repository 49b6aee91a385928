import type { HostLook } from '../../machines/host.ts';

/** Looks after which a host's list shows what runs there: the first may have begun before. */
const LOOKS = 2;

interface Orphan {
  lastLook: HostLook | null;
  looks: number;
}

/**
 * Slots of VMs whose record went to quarantine. What had been ordered goes on at the agent, so a VM may come up that no list
 * shows yet: its slot counts until its host was looked at twice; then the list tells.
 */
export class OrphanSlots {
  /** By host, then by the name of the VM. */
  readonly #orphans = new Map<string, Map<string, Orphan>>();

  /** `look`: the host's last one by now. */
  add(host: string, vmName: string, look: HostLook | null): void {
    const orphans = this.#orphans.get(host) ?? new Map<string, Orphan>();
    this.#orphans.set(host, orphans.set(vmName, { lastLook: look, looks: 0 }));
  }

  /** Names of VMs that take a slot of the host whatever its list shows; to be asked with each look. */
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
