/** A queued job that wants a slot. Instants in epoch ms. */
export interface WaitingJob {
  key: string;
  profile: string;
  queuedAt: number;
  notBefore: number;
}

export interface FreeHost {
  name: string;
  free: number;
}

export interface Schedule {
  grants: { key: string; host: string }[];
  /** Jobs that are due and found no room on any host. */
  unplaced: WaitingJob[];
  /** What is free after the grants. */
  left: FreeHost[];
  /** When a job that waits for its next attempt becomes due; null when none does. */
  wakeAt: number | null;
}

/** The jobs that may begin now, the one that was queued first at the front. */
export function dueJobs<J extends WaitingJob>(waiting: readonly J[], now: number): J[] {
  return waiting
    .filter((job) => job.notBefore <= now)
    .sort((a, b) => a.queuedAt - b.queuedAt || compare(a.key, b.key));
}

/**
 * Who gets the next slots, on which host: the job that was queued first, on the host with the most room. A job
 * whose pause between attempts still lasts, or whose profile has no room, holds up nobody.
 */
export function schedule(
  waiting: WaitingJob[],
  hosts: FreeHost[],
  now: number,
  roomOfProfile: (profile: string) => number = () => Number.POSITIVE_INFINITY,
): Schedule {
  const roomFor = new Map(
    [...new Set(waiting.map(({ profile }) => profile))].map((p) => [p, roomOfProfile(p)]),
  );
  const resting = waiting.filter((job) => job.notBefore > now).map((job) => job.notBefore);
  const left = hosts.map((host) => ({ ...host }));
  const grants: Schedule['grants'] = [];
  const unplaced: WaitingJob[] = [];
  const given = new Map<string, number>();

  for (const job of dueJobs(waiting, now)) {
    const ofProfile = given.get(job.profile) ?? 0;
    if (ofProfile >= (roomFor.get(job.profile) ?? 0)) continue;
    const host = roomiest(left);
    if (host) {
      host.free -= 1;
      grants.push({ key: job.key, host: host.name });
    } else {
      unplaced.push(job);
    }
    given.set(job.profile, ofProfile + 1);
  }
  return {
    grants,
    unplaced,
    left,
    wakeAt: resting.reduce<number | null>((a, b) => Math.min(a ?? b, b), null),
  };
}

/** The host with the most room; undefined when all are full. */
export function roomiest(hosts: FreeHost[]): FreeHost | undefined {
  return hosts.filter(({ free }) => free > 0).sort((a, b) => b.free - a.free || compare(a.name, b.name))[0];
}

/** Plain code-unit order: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
