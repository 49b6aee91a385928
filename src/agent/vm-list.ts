import type { z } from 'zod';
import { DaemonError } from '../errors.ts';
import type { AgentVm, vmPageSchema } from './agent-responses.ts';

/**
 * The VMs of a host. A VM that cannot be read is listed as unreadable; it blocks only a caller who looks for
 * it.
 */
export interface VmList {
  vms: AgentVm[];
  /** What can be read of the unreadable VMs; null for each field that cannot be read. */
  unreadable: { id: string | null; name: string | null }[];
}

export function vmListOf(rows: z.output<typeof vmPageSchema>['vms']): VmList {
  const list: VmList = { vms: [], unreadable: [] };
  for (const row of rows) {
    if (row === null) list.unreadable.push({ id: null, name: null });
    else if ('unreadable' in row) list.unreadable.push(row.unreadable);
    else list.vms.push(row);
  }
  return list;
}

/**
 * Returns the VMs of exactly this name. Throws AGENT_ERROR when one of them cannot be read: it must not count as
 * absent.
 */
export function vmsNamed(name: string, { vms, unreadable }: VmList, host: string): AgentVm[] {
  if (unreadable.some((vm) => vm.name === name)) {
    throw new DaemonError(
      'AGENT_ERROR',
      `Host ${host} lists a VM ${name} whose id this daemon cannot read. Compare the versions of daemon and agent.`,
    );
  }
  return vms.filter((vm) => vm.name === name);
}
