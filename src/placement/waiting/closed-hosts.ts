import { clock } from '../../format.js';
import { cordonWords } from '../../hosts/host-cordons.ts';
import type { HostRoom } from './waiting.ts';

/** Returns the hosts that take no jobs, as a sentence that follows another one; empty where there are none. */
export function besides(hosts: readonly HostRoom[]): string {
  const closed = hosts.filter(({ acceptsJobs, cordon }) => !acceptsJobs || cordon !== null);
  return closed.length > 0 ? ` Besides, ${closed.map(hostTrouble).join('; ')}.` : '';
}

/** Returns who else could give a job a host, as the end of a sentence; empty where no host is cordoned. */
export function orUncordon(hosts: readonly HostRoom[]): string {
  const cordoned = hosts.filter(({ cordon }) => cordon !== null).map(({ name }) => name);
  return cordoned.length > 0 ? `, or an operator who uncordons ${cordoned.join(' or ')}` : '';
}

/** Returns what is wrong with a host that takes no jobs, without a full stop. */
export function hostTrouble(host: HostRoom): string {
  const { name, state, failure, unreachableSince, cordon, maintenanceSince } = host;
  if (cordon) return `${name} is cordoned by ${cordonWords(cordon)}`;
  if (maintenanceSince !== null)
    return `${name} is in maintenance: its agent has refused changes since ${clock(maintenanceSince)}`;
  const is = unreachableSince === null ? `is ${state}` : `has been ${state} since ${clock(unreachableSince)}`;
  return `${name} ${is}${failure ? ` (${failure.replace(/\.$/, '')})` : ''}`;
}
