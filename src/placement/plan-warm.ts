import { type Demand, unmetBy } from './demand.ts';
import { chooseHost, dueJobs, type FreeHost, type Gates, type WaitingJob } from './schedule.ts';

/** A VM that was made before its job. Instants in epoch ms. */
export interface WarmVm {
  key: string;
  profile: string;
  host: string;
  /** Booted and probed; false while it is still on the way there. */
  isReady: boolean;
  enteredAt: number;
  /** Whether its host takes jobs at present. */
  isOpen: boolean;
}

/**
 * Returns which queued jobs go on in which warm VMs: the first job in the queue gets the VM that is furthest. A job
 * that is held back on every host gets none: the VM would be wasted.
 */
export function assignWarmVms(
  waiting: readonly WaitingJob[],
  warm: readonly WarmVm[],
  now: number,
  gates: Pick<Gates, 'inOrder' | 'of' | 'room'>,
): { job: string; warm: string }[] {
  const unused = warm.filter(({ isOpen }) => isOpen).sort(furthestFirst);
  const given = new Map<string, number>();
  const passes = (gate: string) => (given.get(gate) ?? 0) < gates.room(gate);
  return gates.inOrder(dueJobs(waiting, now)).flatMap((job) => {
    const place = unused.findIndex((vm) => vm.profile === job.profile);
    if (place < 0) return [];
    const always = gates.of(job);
    if (!always?.every(passes)) return [];
    for (const gate of always) given.set(gate, (given.get(gate) ?? 0) + 1);
    return unused.splice(place, 1).map((vm) => ({ job: job.key, warm: vm.key }));
  });
}

export interface WarmNeeds {
  /** What waits for a slot and found none, the first in the queue at the front. */
  demand: readonly Demand[];
  /** Warm VMs that no job has taken. */
  warm: readonly WarmVm[];
  /** The hosts of slots that become free by themselves, one for each slot. */
  soonFree: readonly string[];
  /** Hosts with slots that are free after every queued job was served. */
  left: readonly FreeHost[];
  /** How many warm VMs each profile wants. */
  wanted: ReadonlyMap<string, number>;
  /** How many more of the profile may be started on a host now. */
  room(profile: string, host: string): number;
  gates: Pick<Gates, 'preferred'>;
}

/**
 * Decides which warm VMs make room, and which are made. Those that a profile no longer wants are removed. For what finds
 * no slot one is removed, the least advanced first, on a host where that helps. One is made only where nothing that
 * waits wants the slot. `unmet`: what no slot becomes free for.
 */
export function planWarmVms({ demand, warm, soonFree, left, wanted, room, gates }: WarmNeeds): {
  reclaim: string[];
  make: { profile: string; host: string }[];
  unmet: Demand[];
} {
  const has = (profile: string) => warm.filter((vm) => vm.profile === profile);
  const tooMany = [...new Set(warm.map(({ profile }) => profile))].flatMap((profile) =>
    has(profile)
      .sort(furthestFirst)
      .slice(wanted.get(profile) ?? 0),
  );
  const leastFar = warm.filter((vm) => !tooMany.includes(vm)).sort((a, b) => furthestFirst(b, a));
  const reclaim = tooMany.map(({ key }) => key);
  const unmet = unmetBy(demand, [...tooMany.map(({ host }) => host), ...soonFree]).filter((mayUse) => {
    const place = leastFar.findIndex(({ host }) => mayUse(host));
    const vm = leastFar[place];
    if (!vm) return true;
    leastFar.splice(place, 1);
    reclaim.push(vm.key);
    return false;
  });

  const lacking = [...wanted].filter(([profile, count]) => has(profile).length < count);
  if (lacking.length === 0) return { reclaim, make: [], unmet };
  const hosts = left
    .filter(({ name, free }) => free > 0 && !demand.some((mayUse) => mayUse(name)))
    .map((host) => ({ ...host }));
  const make: { profile: string; host: string }[] = [];
  for (const [profile, count] of lacking) {
    for (let n = has(profile).length; n < count; n += 1) {
      const begun = make.filter((one) => one.profile === profile).length;
      const possible = hosts.filter(({ name }) => begun < room(profile, name));
      const host = chooseHost(profile, possible, gates);
      if (!host) break;
      host.free -= 1;
      make.push({ profile, host: host.name });
    }
  }
  return { reclaim, make, unmet };
}

function furthestFirst(a: WarmVm, b: WarmVm): number {
  return Number(b.isReady) - Number(a.isReady) || a.enteredAt - b.enteredAt || (a.key < b.key ? -1 : 1);
}
