import { dueJobs, type FreeHost, type Gates, roomiest, type WaitingJob } from './schedule.ts';

/** A VM that was made before its job. Instants in epoch ms. */
export interface WarmVm {
  key: string;
  profile: string;
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
  /** Jobs that found no room on any host. */
  unplaced: readonly WaitingJob[];
  /** Warm VMs that no job has taken. */
  warm: readonly WarmVm[];
  /** Warm VMs that are being removed: their slots become free by themselves. */
  leaving: number;
  /** Hosts with slots that are free after every queued job was served. */
  left: readonly FreeHost[];
  /** How many warm VMs each profile wants. */
  wanted: ReadonlyMap<string, number>;
  /** How many more of the profile may be started on a host now. */
  room(profile: string, host: string): number;
}

/**
 * Decides which warm VMs make room, and which are made. For each job that found no room one is removed, the
 * least advanced first, and so are those that a profile no longer wants. One is made only where no queued job
 * wants the slot.
 */
export function planWarmVms({ unplaced, warm, leaving, left, wanted, room }: WarmNeeds): {
  reclaim: string[];
  make: { profile: string; host: string }[];
} {
  const has = (profile: string) => warm.filter((vm) => vm.profile === profile);
  const tooMany = [...new Set(warm.map(({ profile }) => profile))].flatMap((profile) =>
    has(profile)
      .sort(furthestFirst)
      .slice(wanted.get(profile) ?? 0),
  );
  const leastFar = [...warm].filter((vm) => !tooMany.includes(vm)).sort((a, b) => furthestFirst(b, a));
  const needed = Math.max(0, unplaced.length - leaving - tooMany.length);
  const reclaim = [...tooMany, ...leastFar.slice(0, needed)].map(({ key }) => key);
  if (unplaced.length > 0) return { reclaim, make: [] };

  const hosts = left.map((host) => ({ ...host }));
  const make: { profile: string; host: string }[] = [];
  for (const [profile, count] of wanted) {
    for (let n = has(profile).length; n < count; n += 1) {
      const begun = make.filter((one) => one.profile === profile).length;
      const host = roomiest(hosts.filter(({ name }) => begun < room(profile, name)));
      if (!host) break;
      host.free -= 1;
      make.push({ profile, host: host.name });
    }
  }
  return { reclaim, make };
}

function furthestFirst(a: WarmVm, b: WarmVm): number {
  return Number(b.isReady) - Number(a.isReady) || a.enteredAt - b.enteredAt || (a.key < b.key ? -1 : 1);
}
