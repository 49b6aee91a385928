import type { BreakerView } from '../../machines/breaker.ts';
import { NO_JOB } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import { topState } from '../../machines/state-path.ts';
import { holdsSlot } from '../agent/vm-state.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import type { Store } from '../store/store.ts';
import type { Breakers } from './breakers.ts';
import { freeSlots } from './free-slots.ts';
import type { UnservedJob } from './unserved-jobs.ts';

/** A queued job as the scheduler sees it. Instants in epoch ms. */
export interface QueuedJob {
  key: string;
  jobId: number;
  profile: string;
  queuedAt: number;
  /** Before this the scheduler leaves it alone: the pause after a failed attempt. */
  notBefore: number;
}

/** A host as the scheduler sees it. */
export interface HostRoom {
  name: string;
  acceptsJobs: boolean;
  state: string;
  failure: string | null;
  /** Epoch ms since which no look was answered. */
  unreachableSince: number | null;
  cordonedBy: string | null;
  slots: number;
  free: number;
  /** Who has its slots: jobs of ours with the instant of their grant, and strangers' VMs with their creation. */
  holders: { what: string; ours: boolean; since: number }[];
}

export interface Waiting {
  key: string;
  jobId: number;
  why:
    | 'rest'
    | 'leftAlone'
    | 'draining'
    | 'unhealthy'
    | 'cordoned'
    | 'noSlot'
    | 'next'
    | 'noLabel'
    | 'approval';
  /** One sentence for a person. */
  sentence: string;
  /** What would let it go on. */
  frees: string;
  /** Its place among those that wait for a slot, from 1; null where no queue helps. */
  position: number | null;
  /** Epoch ms at which it changes by itself, where that is known. */
  until: number | null;
}

export interface WaitingFacts {
  queued: QueuedJob[];
  hosts: HostRoom[];
  /** Profiles that failed too often in a row; `until` in epoch ms, null while one attempt tries. */
  leftAlone: { profile: string; why: string; until: number | null }[];
  unserved: UnservedJob[];
  isDraining: boolean;
  labels: string[];
  now: number;
}

/** Why each job that waits is waiting: the same order and the same room that the scheduler uses. */
export function whyWaiting(facts: WaitingFacts): Waiting[] {
  const { queued, now } = facts;
  const inOrder = [...queued].sort((a, b) => a.queuedAt - b.queuedAt || (a.key < b.key ? -1 : 1));
  const slot = whyNoSlot(facts);
  let place = 0;
  const waits = inOrder.map((job): Waiting => {
    const base = { key: job.key, jobId: job.jobId };
    if (job.notBefore <= now) place += 1;
    else {
      const until = job.notBefore;
      const sentence = `It rests until ${clockTime(until)}, after a failed attempt.`;
      return { ...base, why: 'rest', sentence, frees: 'That time, or "retry now".', position: null, until };
    }
    const alone = facts.leftAlone.find(({ profile }) => profile === job.profile);
    if (alone) {
      const sentence = `Its profile ${job.profile} is ${alone.why}.`;
      const frees = 'An attempt that works: mend the image, or wait.';
      return { ...base, why: 'leftAlone', sentence, frees, position: null, until: alone.until };
    }
    return { ...base, ...slot, position: place, until: null };
  });
  return [...waits, ...facts.unserved.map((job) => whyUnserved(job, facts.labels))];
}

function whyNoSlot({ hosts, isDraining }: WaitingFacts): Pick<Waiting, 'why' | 'sentence' | 'frees'> {
  if (isDraining) {
    const sentence = 'The daemon is ending and gives out no more slots.';
    return { why: 'draining', sentence, frees: 'The next start of the daemon.' };
  }
  const open = hosts.filter(({ cordonedBy }) => cordonedBy === null);
  if (hosts.length > 0 && open.length === 0) {
    const list = hosts.map(({ name, cordonedBy }) => `${name} (by ${cordonedBy})`).join(', ');
    return {
      why: 'cordoned',
      sentence: `Every host is cordoned: ${list}.`,
      frees: 'Taking a cordon back.',
    };
  }
  const healthy = open.filter(({ acceptsJobs }) => acceptsJobs);
  if (healthy.length === 0) {
    const list = open.map(troubleOf).join('; ');
    return {
      why: 'unhealthy',
      sentence: `No host takes jobs: ${list || 'none is configured'}.`,
      frees: 'A host that answers again.',
    };
  }
  if (healthy.some(({ free }) => free > 0)) {
    return { why: 'next', sentence: 'A slot is free; it is its turn.', frees: 'The next moment.' };
  }
  const holders = healthy.flatMap(({ name, holders }) =>
    holders.map((holder) => ({ ...holder, host: name })),
  );
  const [longest] = holders.sort((a, b) => a.since - b.since);
  const total = healthy.reduce((sum, { slots }) => sum + slots, 0);
  const strangers = holders.filter(({ ours }) => !ours).length;
  const taken = holders
    .slice(0, 4)
    .map(({ what, host, since }) => `${what} on ${host} since ${clockTime(since)}`)
    .join(', ');
  const rest = holders.length > 4 ? ` and ${holders.length - 4} more` : '';
  const others = open.filter(({ acceptsJobs }) => !acceptsJobs).map(troubleOf);
  const besides = others.length > 0 ? ` Besides, ${others.join('; ')}.` : '';
  return {
    why: 'noSlot',
    sentence: `No free slot: ${total === 1 ? 'the only one is' : `all ${total} are`} taken by ${taken || 'VMs'}${rest}.${besides}`,
    frees: `The end of ${longest ? longest.what : 'a VM'}${strangers > 0 ? ', or of a VM that is not ours' : ''}.`,
  };
}

function troubleOf({ name, state, failure, unreachableSince }: HostRoom): string {
  const since = unreachableSince === null ? '' : ` since ${clockTime(unreachableSince)}`;
  return `${name} is ${state}${since}${failure ? ` (${failure.replace(/\.$/, '')})` : ''}`;
}

function whyUnserved({ jobId, why, labels }: UnservedJob, ours: string[]): Waiting {
  const base = { key: `unserved-${jobId}`, jobId, why, position: null, until: null };
  if (why === 'approval') {
    const sentence = 'It waits for approval at GitHub (a protected environment or a first contribution).';
    return { ...base, sentence, frees: 'A reviewer at GitHub.' };
  }
  return {
    ...base,
    sentence: `No profile covers its runs-on [${labels.join(', ')}]; this daemon has ${ours.join(', ') || 'none'}.`,
    frees: 'Another runner, or a label in the config.',
  };
}

/** `14:05:09`, in the daemon's time zone. */
function clockTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

/** The live parts that the facts are read from. */
export interface WaitingSources {
  actors: JobActors;
  hosts: Hosts;
  breakers: Breakers;
  store: Pick<Store, 'cordons'>;
}

/** The queue and the room as the scheduler finds them now. */
export function waitingFacts({
  actors,
  hosts,
  breakers,
  store,
}: WaitingSources): Pick<WaitingFacts, 'queued' | 'hosts' | 'leftAlone'> {
  const jobs = [...actors.all()];
  const troubled = breakers.troubled();
  return {
    leftAlone: troubled
      .filter(({ about }) => about === 'profile')
      .map((breaker) => ({ profile: breaker.name, why: whyLeftAlone(breaker), until: untilOf(breaker) })),
    queued: jobs.flatMap(({ key, snapshot }) => queuedJob(key, snapshot)),
    hosts: [...hosts.all()].map(({ name, snapshot }): HostRoom => {
      const { look, failure, unreachableSince } = snapshot.context;
      const ours = actors.slotsOn(name);
      const breaker = troubled.find((one) => one.about === 'host' && one.name === name);
      const strangers = (look?.vms ?? []).filter((vm) => holdsSlot(vm.state) && !ours.has(vm.name));
      return {
        name,
        acceptsJobs: snapshot.hasTag('acceptsJobs') && look !== null && breaker === undefined,
        state: breaker ? whyLeftAlone(breaker) : topState(snapshot.value),
        failure: (breaker?.lastFailure ?? failure)?.message ?? null,
        unreachableSince,
        cordonedBy: store.cordons.of(name)?.by ?? null,
        slots: look?.slots ?? 0,
        free: look === null ? 0 : freeSlots(look, ours),
        holders: [
          ...jobs
            .filter(({ snapshot: job }) => job.hasTag('holdsSlot') && job.context.vm?.host === name)
            .map(holder),
          ...strangers.map((vm) => ({ what: `VM ${vm.name}, not ours`, ours: false, since: vm.createdAt })),
        ],
      };
    }),
  };
}

/** `left alone until 14:05:09 after 3 failures`, without the cause. */
function whyLeftAlone({ state, retryAt, failures }: BreakerView): string {
  const time = new Date(retryAt).toTimeString().slice(0, 8);
  const until = state === 'open' ? ` until ${time}` : ' but for one attempt';
  return `left alone${until} after ${failures} failures in a row`;
}

const untilOf = ({ state, retryAt }: BreakerView) => (state === 'open' ? retryAt : null);

function queuedJob(key: string, snapshot: JobSnapshot): QueuedJob[] {
  const { id, profile, status, queuedAt, notBefore } = snapshot.context.job;
  if (!snapshot.hasTag('queued') || status !== 'queued') return [];
  return [{ key, jobId: id, profile, queuedAt, notBefore }];
}

function holder({ snapshot }: { snapshot: JobSnapshot }): HostRoom['holders'][number] {
  const { job, phase } = snapshot.context;
  const doing = topState(snapshot.value);
  const who = job.id === NO_JOB ? job.name : `job ${job.id} (${job.repository})`;
  const what = `${who}, ${doing}`;
  return { what, ours: true, since: phase.enteredAt };
}
