import type { BreakerView } from '../../../machines/breaker.ts';
import { clock } from '../../format.js';
import { pairName } from '../breakers/breaker-events.ts';
import { breakerSubject } from '../breakers/breaker-subject.ts';
import { LONGEST_QUEUE } from '../grant-checks.ts';
import { gatesOf, gatesOn, pullName } from '../grant-gates.ts';
import { besides, orUncordon } from './closed-hosts.ts';
import type { Cause, HostRoom, QueuedJob, WaitingFacts } from './waiting.ts';

/** Returns all that keeps a job from a slot although it is due and hosts take jobs, each with its evidence. */
export function whyHeld(
  job: QueuedJob,
  {
    breakers,
    pulls,
    hosts,
    pausedUntil,
    githubNow,
  }: Pick<WaitingFacts, 'breakers' | 'pulls' | 'hosts' | 'pausedUntil' | 'githubNow'>,
): Cause[] {
  const causes: Cause[] = [];
  if (githubNow - job.queuedAt > LONGEST_QUEUE) {
    causes.push({
      why: 'tooOld',
      sentence:
        'GitHub has had it queued for more than 25 hours and will give it to no runner, so it gets no VM.',
      frees: 'Nothing here. The owner of the workflow: cancel it at GitHub and run it again.',
      until: null,
    });
  }
  if (pausedUntil !== null) {
    causes.push({
      why: 'heldBack',
      sentence: `Too little of GitHub's rate limit is left for new runners until ${clock(pausedUntil)}.`,
      frees: 'That time. To prevent it, the operator can poll less often, or use webhooks or an App.',
      until: pausedUntil,
    });
  }
  const byGate = new Map(breakers.map((breaker) => [`${breaker.about} ${breaker.name}`, breaker]));
  const everywhere = gatesOf(job, job.scope).flatMap((gate) => byGate.get(gate) ?? []);
  const here = heldOnHosts(job, { pulls, hosts }, byGate);
  return [...causes, ...everywhere.map((breaker) => heldBack(breaker)), ...here];
}

/** What keeps a job from every host that takes jobs; empty when one could take this job. */
function heldOnHosts(
  job: QueuedJob,
  { pulls, hosts }: Pick<WaitingFacts, 'pulls' | 'hosts'>,
  byGate: ReadonlyMap<string, BreakerView>,
): Cause[] {
  const isClosed = (gate: string) => !byGate.has(gate);
  const open = hosts.filter(({ acceptsJobs, cordon }) => acceptsJobs && cordon === null);
  const pulling = pulls.filter(({ image, host }) => image === job.image && isAmong(open, host));
  const usable = open.filter(
    ({ name }) => gatesOn(name, job.profile).every(isClosed) && !pulling.some(({ host }) => host === name),
  );
  const pull = job.image === null ? undefined : byGate.get(`pull ${pullName(job.image, job.profile)}`);
  if (open.length === 0 || (usable.length > 0 && !pull)) return [];
  const [first] = pulling;
  if (first) {
    const sentence = `${first.host} does not have the image ${first.image} yet: ${first.progress ?? 'pulling'}.`;
    return [{ why: 'pulling', sentence, frees: 'The end of that pull.', until: null }];
  }
  const [pair] = open.flatMap(({ name }) => byGate.get(`pair ${pairName(name, job.profile)}`) ?? []);
  const held = pull ?? pair;
  if (!held) return [];
  const { sentence, ...cause } = heldBack(held, orUncordon(hosts));
  return [{ ...cause, sentence: `${sentence}${besides(hosts)}` }];
}

const isAmong = (hosts: readonly HostRoom[], host: string) => hosts.some(({ name }) => name === host);

const ACTORS: Record<BreakerView['about'], string> = {
  github: 'GitHub, which has to respond again and give jobs to runners',
  registration: 'The operator of this daemon, or its administrator at GitHub',
  pull: 'The owner of the registry, or the person who gives the Mac its rights there',
  pair: 'The maker of the image, or the owner of that Mac',
  host: 'The owner of that Mac',
  profile: 'The maker of the image',
};

/** `others` who could end it, as the end of a sentence. */
function heldBack(breaker: BreakerView, others = ''): Cause {
  const { about, state, retryAt, failures, lastFailure } = breaker;
  const until = state === 'open' ? retryAt : null;
  const how = until === null ? 'except for one attempt that tests it' : `until ${clock(until)}`;
  const often = failures === 1 ? 'it failed' : `it failed ${failures} times in a row`;
  const cause = lastFailure ? `: ${lastFailure.message}` : '.';
  return {
    why: 'heldBack',
    sentence: `${breakerSubject(breaker)} is held back ${how}, because ${often}${cause}`,
    frees: `${ACTORS[about]}${others}. The daemon tries it again by itself, with one attempt.`,
    until,
  };
}
