import type { BreakerView } from '../../../machines/breaker.ts';

import { type Job, NO_JOB } from '../../../machines/job/context.ts';
import type { JobSnapshot } from '../../../machines/job.ts';
import { topState } from '../../../machines/state-path.ts';
import { holdsSlot } from '../../agent/vm-state.ts';
import { clock } from '../../format.js';
import { cordonWords, type HostCordons } from '../../hosts/host-cordons.ts';
import type { Hosts } from '../../hosts/hosts.ts';
import type { Pulls } from '../../hosts/pulls.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import { proofWords } from '../../journal/words/proof-words.js';
import type { Breakers } from '../breakers/breakers.ts';
import { freeSlots } from '../room/free-slots.ts';
import { proofRoom } from '../room/proof-room.ts';
import { soonest } from '../soonest.ts';
import { besides, hostTrouble, orUncordon } from './closed-hosts.ts';
import type { UnservedJob } from './unserved-jobs.ts';
import type { Cause, HostRoom, QueuedJob, Waiting, WaitingFacts } from './waiting.ts';
import { whyHeld } from './why-held.ts';
import { quotedLabels, whyNoLabel } from './why-no-label.ts';

/** Returns why each waiting job waits, with the same order and the same room that the scheduler uses. */
export function whyWaiting(facts: WaitingFacts): Waiting[] {
  const { queued, now } = facts;
  const inOrder = [...queued].sort((a, b) => a.queuedAt - b.queuedAt || (a.key < b.key ? -1 : 1));
  const noHost = whyNoHost(facts);
  const slot = whyNoSlot(facts);
  let place = 0;
  const waits = inOrder.map((job): Waiting => {
    const base = { key: job.key, jobId: job.jobId };
    if (job.notBefore <= now) place += 1;
    const held = whyHeld(job, facts);
    const causes = [noHost ?? [], whyPaused(job, now, held), held].flat().sort(byBottleneck);
    const [first, ...others] = causes;
    if (!first) return { ...base, ...slot, position: place, until: null };
    const also = others.length > 0 ? ` Also: ${others.map(({ sentence }) => sentence).join(' ')}` : '';
    return { ...base, ...first, sentence: `${first.sentence}${also}`, position: null };
  });
  return [...waits, ...facts.unserved.map((job) => whyUnserved(job, facts))];
}

/**
 * Of several causes the one that has to end for the others to matter comes first: what only a person ends, then
 * what lasts longest, then what may end at any moment.
 */
function byBottleneck(one: Cause, other: Cause): number {
  const rank = ({ why, until }: Cause) => (until !== null ? 1 : PERSONS.includes(why) ? 0 : 2);
  return rank(one) - rank(other) || (other.until ?? 0) - (one.until ?? 0);
}

/** Causes that end only when a person does something, unless they have an end. */
const PERSONS: readonly Waiting['why'][] = ['draining', 'cordoned', 'unhealthy', 'tooOld'];

/** `others` are told with it; what one of them says already is not repeated. */
function whyPaused({ notBefore: until, lastFailure }: QueuedJob, now: number, others: Cause[]): Cause[] {
  if (until <= now) return [];
  const isTold = others.some(({ sentence }) => lastFailure && sentence.includes(lastFailure.message));
  const how = lastFailure ? 'failed' : 'ended';
  const cause = lastFailure && !isTold ? `: ${lastFailure.message}` : '.';
  const sentence = `It is paused until ${clock(until)}, because its last attempt ${how}${cause}`;
  return [{ why: 'paused', sentence, frees: 'That time, or "retry now".', until }];
}

/** Why no host takes any job; null when one does. */
function whyNoHost({ hosts, isDraining }: WaitingFacts): Cause | null {
  if (isDraining) {
    const sentence = 'The daemon is ending and gives out no more slots.';
    return { why: 'draining', sentence, frees: 'The next start of the daemon.', until: null };
  }
  if (hosts.some(({ acceptsJobs, cordon }) => acceptsJobs && cordon === null)) return null;
  const until = soonest(hosts.map(({ cordon }) => cordon?.until ?? null));
  if (hosts.length > 0 && hosts.every(({ cordon }) => cordon !== null)) {
    const list = hosts.map(({ name, cordon }) => `${name} (by ${cordon && cordonWords(cordon)})`).join(', ');
    return {
      why: 'cordoned',
      sentence: `Every host is cordoned: ${list}.`,
      frees: `${until === null ? 'An' : 'That time, or an'} operator who uncordons a host.`,
      until,
    };
  }
  const list = hosts.map(hostTrouble).join('; ');
  return {
    why: 'unhealthy',
    sentence: `No host takes jobs: ${list || 'none is configured'}.`,
    frees: 'A host that answers again.',
    until: null,
  };
}

function whyNoSlot({ hosts }: WaitingFacts): Omit<Cause, 'until'> {
  const healthy = hosts.filter(({ acceptsJobs, cordon }) => acceptsJobs && cordon === null);
  if (healthy.some(({ free }) => free > 0)) {
    return {
      why: 'next',
      sentence: 'A slot is free, and this job is the next.',
      frees: 'Nothing: it gets the slot in a moment.',
    };
  }
  const proving = healthy.filter(isHeldByProof);
  if (proving.length > 0) {
    const list = proving.map(
      ({ name, proof }) => `${name} gets one VM first, to prove that it works${proofOf(proof)}`,
    );
    const full = healthy.length > proving.length ? ' The slots of the other hosts are taken.' : '';
    return {
      why: 'proving',
      sentence: `${list.join('; ')}.${full}${besides(hosts)}`,
      frees: 'The VM that is being made there: its runner coming online, or its end.',
    };
  }
  const holders = healthy.flatMap(({ name, holders }) =>
    holders.map((holder) => ({ ...holder, host: name })),
  );
  holders.sort((a, b) => a.since - b.since);
  // A VM that is not ours may never end.
  const longest = holders.find(({ ours }) => ours) ?? holders[0];
  const isStranger = holders.some(({ ours }) => !ours) && longest?.ours;
  const total = healthy.reduce((sum, { slots }) => sum + slots, 0);
  const taken = holders
    .slice(0, 4)
    .map(
      ({ what, doing, host, since }) =>
        `${what}${doing ? `, ${doing}` : ''} on ${host} since ${clock(since)}`,
    )
    .join(', ');
  const rest = holders.length > 4 ? ` and ${holders.length - 4} more` : '';
  return {
    why: 'noSlot',
    sentence: `No free slot: ${total === 1 ? 'the only one is' : `all ${total} are`} taken by ${taken || 'VMs'}${rest}.${besides(hosts)}`,
    frees: `The end of ${longest ? longest.what : 'a VM'}${isStranger ? ', or of a VM that is not ours' : ''}${orUncordon(hosts)}.`,
  };
}

/** Whether a slot is free and stays so, since the host proves itself with another VM first. */
const isHeldByProof = ({ proof, free, slots, holders }: HostRoom) =>
  proof !== null && free === 0 && holders.length < slots;

const proofOf = (proof: HostRoom['proof']) => (proof ? `: ${proofWords(proof)}` : '');

function whyUnserved(
  { jobId, why, labels }: UnservedJob,
  { labels: ours, runnerLabels }: WaitingFacts,
): Waiting {
  const base = { key: `unserved-${jobId}`, jobId, why, position: null, until: null };
  if (why === 'approval') {
    const sentence = 'It waits for approval at GitHub (a protected environment or a first contribution).';
    return { ...base, sentence, frees: 'A reviewer at GitHub.' };
  }
  const nearly = whyNoLabel(labels, ours, runnerLabels);
  return {
    ...base,
    sentence: [
      `No label of the config matches its runs-on ${quotedLabels(labels)}; the config has ${ours.join(', ') || 'none'}.`,
      ...nearly,
    ].join(' '),
    frees: `${nearly.length > 0 ? 'The right label in its workflow, another' : 'Another'} runner, or a label in the config.`,
  };
}

/** The live parts that provide the facts. */
export interface WaitingSources {
  actors: JobActors;
  hosts: Hosts;
  breakers: Breakers;
  pulls: Pulls;
  cordons: Pick<HostCordons, 'of'>;
  /** Where a runner for a job is registered. */
  scopeOf(job: Job): string;
  /** The image of a profile; null when the config has no such label. */
  imageOf(profile: string): string | null;
  /** Epoch ms until which GitHub's budget has nothing left for new runners; null when it has. */
  pausedUntil(): number | null;
  /** Epoch ms on GitHub's clock. */
  githubNow(): number;
}

/** Returns the queue and the room as the scheduler sees them now. */
export function waitingFacts(
  sources: WaitingSources,
): Pick<WaitingFacts, 'queued' | 'hosts' | 'breakers' | 'pulls' | 'pausedUntil' | 'githubNow'> {
  const { actors, hosts, breakers, pulls } = sources;
  return {
    breakers: breakers.troubled(),
    pausedUntil: sources.pausedUntil(),
    githubNow: sources.githubNow(),
    pulls: [...hosts.all()].flatMap(({ name }) =>
      pulls
        .view(name)
        .filter(({ state }) => state === 'pulling')
        .map(({ image, progress }) => ({ host: name, image, progress })),
    ),
    queued: [...actors.all()].flatMap(({ key, snapshot }) => queuedJob(key, snapshot, sources)),
    hosts: hostRooms(sources),
  };
}

/** Returns each host as the scheduler sees it now. */
export function hostRooms({
  actors,
  hosts,
  breakers,
  cordons,
}: Pick<WaitingSources, 'actors' | 'hosts' | 'breakers' | 'cordons'>): HostRoom[] {
  const jobs = [...actors.all()];
  const troubled = breakers.troubled();
  return [...hosts.all()].map(({ name, snapshot }): HostRoom => {
    const { look, failure, unreachableSince } = snapshot.context;
    const ours = actors.slotsOn(name);
    const breaker = troubled.find((one) => one.about === 'host' && one.name === name);
    const strangers = (look?.vms ?? []).filter((vm) => holdsSlot(vm.state) && !ours.has(vm.name));
    return {
      name,
      acceptsJobs: snapshot.hasTag('acceptsJobs') && look !== null && breaker === undefined,
      state: breaker ? whyHeldBack(breaker) : topState(snapshot.value),
      failure: (breaker?.lastFailure ?? failure)?.message ?? null,
      unreachableSince,
      cordon: cordons.of(name),
      maintenanceSince: snapshot.hasTag('refusesChanges') ? snapshot.context.maintenanceSince : null,
      proof: snapshot.hasTag('proves') ? snapshot.context.proof : null,
      slots: look?.slots ?? 0,
      free: look === null ? 0 : Math.min(freeSlots(look, ours), proofRoom(name, snapshot, actors)),
      holders: [
        ...jobs
          .filter(({ snapshot: job }) => job.hasTag('holdsSlot') && job.context.vm?.host === name)
          .map(holder),
        ...strangers.map((vm) => ({
          what: `VM ${vm.name} (not ours)`,
          doing: null,
          ours: false,
          since: vm.createdAt,
        })),
      ],
    };
  });
}

/** `held back until 14:05:09 after 3 failures`, without the cause. */
function whyHeldBack({ state, retryAt, failures }: BreakerView): string {
  const until = state === 'open' ? ` until ${clock(retryAt)}` : ' except for one attempt';
  return `held back${until} after ${failures === 1 ? 'a failure' : `${failures} failures in a row`}`;
}

function queuedJob(
  key: string,
  snapshot: JobSnapshot,
  { scopeOf, imageOf }: Pick<WaitingSources, 'scopeOf' | 'imageOf'>,
): QueuedJob[] {
  const { job } = snapshot.context;
  if (!snapshot.hasTag('queued') || job.status !== 'queued') return [];
  const { id: jobId, owner, repository, profile, queuedAt, notBefore, lastFailure } = job;
  const [scope, image] = [scopeOf(job), imageOf(profile)];
  return [{ key, jobId, owner, repository, profile, queuedAt, notBefore, lastFailure, scope, image }];
}

function holder({ snapshot }: { snapshot: JobSnapshot }): HostRoom['holders'][number] {
  const { job, phase } = snapshot.context;
  const { workflow, name, owner, repository } = job;
  const called = workflow ? `${workflow} / ${name}` : name;
  const what = job.id === NO_JOB ? name : `"${called}" of ${owner}/${repository} (job ${job.id})`;
  return { what, doing: topState(snapshot.value), ours: true, since: phase.enteredAt };
}
