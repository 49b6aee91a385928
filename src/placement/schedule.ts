import type { JobObservation } from '../../machines/job/observation.ts';

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
  /** Hosts with slots that are free after the grants. */
  left: FreeHost[];
  /** By gate, attempts that begin now or are kept for a job while GitHub is asked about it. */
  taken: ReadonlyMap<string, number>;
  /** Epoch ms at which the next pause between attempts ends; null when no job waits for that. */
  wakeAt: number | null;
}

/** The jobs that may begin now, the one that was queued first at the front. */
export function dueJobs<J extends WaitingJob>(waiting: readonly J[], now: number): J[] {
  return waiting
    .filter((job) => job.notBefore <= now)
    .sort((a, b) => a.queuedAt - b.queuedAt || compare(a.key, b.key));
}

/** The conditions of a slot: each gate a job passes has room for a number of attempts. */
export interface Gates {
  /** Jobs in the order in which they get slots. They come by their age; only a trial may change that. */
  inOrder(due: WaitingJob[]): WaitingJob[];
  /** Names of the gates that the job passes on any host; null when it gets no VM at all now. */
  of(job: WaitingJob): string[] | null;
  /** Names of the gates that it passes on one host; null when it cannot go there now. */
  on(job: WaitingJob, host: string): string[] | null;
  /** As `on`, for a caller that only looks: starts no pull and no request. */
  peek(job: WaitingJob, host: string): string[] | null;
  /** The host that should get the next VM of a profile; null without one. `withRoom`: those that may get it. */
  preferred(profile: string, withRoom: readonly string[]): string | null;
  /** Attempts that may begin at a gate. */
  room(gate: string): number;
  /** Called last, for jobs that a slot is kept for: whether everything that a grant needs is known. */
  isReady(job: WaitingJob): 'yes' | 'asking' | 'no';
  /** How many more warm VMs of a profile may be started on a host. `taken`: by gate, attempts that are for jobs. */
  roomForWarm(profile: string, host: string, taken: ReadonlyMap<string, number>): number;
  /** Called with what GitHub said about a job. */
  observed(seen: JobObservation): void;
  /** Epoch ms at which the gates may change by themselves; null when that is not known. */
  nextAt(): number | null;
}

/** Gates that hold nothing back. */
export const OPEN_GATES: Gates = {
  inOrder: (due) => due,
  of: () => [],
  on: () => [],
  peek: () => [],
  preferred: () => null,
  room: () => Number.POSITIVE_INFINITY,
  isReady: () => 'yes',
  roomForWarm: () => Number.POSITIVE_INFINITY,
  observed: () => undefined,
  nextAt: () => null,
};

/**
 * Decides who gets the next slots, on which host: the job that was queued first, on the host with the most
 * room. A job whose pause between attempts still lasts, or that something holds back, does not delay the
 * others.
 */
export function schedule(
  waiting: WaitingJob[],
  hosts: FreeHost[],
  now: number,
  gates: Gates = OPEN_GATES,
): Schedule {
  const paused = waiting.filter((job) => job.notBefore > now).map((job) => job.notBefore);
  const left = hosts.map((host) => ({ ...host }));
  const grants: Schedule['grants'] = [];
  const unplaced: WaitingJob[] = [];
  const given = new Map<string, number>();
  const passes = (gate: string) => (given.get(gate) ?? 0) < gates.room(gate);

  for (const job of gates.inOrder(dueJobs(waiting, now))) {
    const always = gates.of(job);
    if (!always?.every(passes)) continue;
    const possible = left.filter(({ name }) => gates.on(job, name)?.every(passes));
    if (possible.length === 0) continue;
    const host = chooseHost(job.profile, possible, gates);
    const answer = host ? gates.isReady(job) : 'yes';
    if (answer === 'no') continue;
    const taken = [...always, ...((host && gates.on(job, host.name)) ?? [])];
    for (const gate of taken) given.set(gate, (given.get(gate) ?? 0) + 1);
    if (!host) unplaced.push(job);
    else {
      // A slot is kept for a job while GitHub is asked about it, so that no later job overtakes it.
      host.free -= 1;
      if (answer === 'yes') grants.push({ key: job.key, host: host.name });
    }
  }
  return {
    grants,
    unplaced,
    left,
    taken: given,
    wakeAt: paused.reduce<number | null>((a, b) => Math.min(a ?? b, b), null),
  };
}

/** The preferred host if it has room, or else the one with the most room; undefined when all are full. */
export function chooseHost(
  profile: string,
  possible: readonly FreeHost[],
  gates: Pick<Gates, 'preferred'>,
): FreeHost | undefined {
  const withRoom = possible
    .filter(({ free }) => free > 0)
    .sort((a, b) => b.free - a.free || compare(a.name, b.name));
  const preferred = gates.preferred(
    profile,
    withRoom.map(({ name }) => name),
  );
  return withRoom.find(({ name }) => name === preferred) ?? withRoom[0];
}

/** Plain code-unit order: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
