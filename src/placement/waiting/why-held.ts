import type { BreakerView } from '../../../machines/breaker.ts';
import { pairName } from '../breakers/breaker-events.ts';
import { breakerSubject } from '../breakers/breaker-subject.ts';
import { LONGEST_QUEUE } from '../grant-checks.ts';
import { gatesOf, gatesOn, pullName } from '../grant-gates.ts';
import { clockTime, type HostRoom, type QueuedJob, type Waiting, type WaitingFacts } from './waiting.ts';

type Held = Pick<Waiting, 'why' | 'sentence' | 'frees' | 'until'>;

/** Why a job gets no slot although it is due: what holds it back, with the evidence. Null when nothing does. */
export function whyHeld(
  job: QueuedJob,
  {
    breakers,
    pulls,
    hosts,
    pausedUntil,
    githubNow,
  }: Pick<WaitingFacts, 'breakers' | 'pulls' | 'hosts' | 'pausedUntil' | 'githubNow'>,
): Held | null {
  if (githubNow - job.queuedAt > LONGEST_QUEUE) {
    return {
      why: 'tooOld',
      sentence:
        'GitHub has had it queued for more than 25 hours and will give it to no runner, so it gets no VM.',
      frees: 'Nothing here. The owner of the workflow: cancel it at GitHub and run it again.',
      until: null,
    };
  }
  if (pausedUntil !== null) {
    return {
      why: 'leftAlone',
      sentence: `Too little of GitHub's rate limit is left for new runners until ${clockTime(pausedUntil)}.`,
      frees: 'That time. To prevent it, the operator can poll less often, or use webhooks or an App.',
      until: pausedUntil,
    };
  }
  const byGate = new Map(breakers.map((breaker) => [`${breaker.about} ${breaker.name}`, breaker]));
  const isClosed = (gate: string) => !byGate.has(gate);
  const [everywhere] = gatesOf(job, job.scope).flatMap((gate) => byGate.get(gate) ?? []);
  if (everywhere) return heldBack(everywhere);
  const open = hosts.filter(({ acceptsJobs, cordonedBy }) => acceptsJobs && cordonedBy === null);
  const pulling = pulls.filter(({ image, host }) => image === job.image && isAmong(open, host));
  const usable = open.filter(
    ({ name }) => gatesOn(name, job.profile).every(isClosed) && !pulling.some(({ host }) => host === name),
  );
  const pull = job.image === null ? undefined : byGate.get(`pull ${pullName(job.image, job.profile)}`);
  if (open.length === 0 || (usable.length > 0 && !pull)) return null;
  const [first] = pulling;
  if (first) {
    return {
      why: 'pulling',
      sentence: `${first.host} does not have the image ${first.image} yet: ${first.progress ?? 'pulling'}.`,
      frees: 'The end of that pull.',
      until: null,
    };
  }
  const [pair] = open.flatMap(({ name }) => byGate.get(`pair ${pairName(name, job.profile)}`) ?? []);
  const held = pull ?? pair;
  return held ? heldBack(held) : null;
}

const isAmong = (hosts: readonly HostRoom[], host: string) => hosts.some(({ name }) => name === host);

const ACTORS: Record<BreakerView['about'], string> = {
  github: 'GitHub: it has to respond again and give jobs to runners.',
  registration: 'Its administrator at GitHub.',
  pull: 'The owner of the registry, or the person who gives the Mac its rights there.',
  pair: 'The maker of the image, or the owner of that Mac.',
  host: 'The owner of that Mac.',
  profile: 'The maker of the image.',
};

function heldBack(breaker: BreakerView): Held {
  const { about, state, retryAt, failures, lastFailure } = breaker;
  const until = state === 'open' ? retryAt : null;
  const how = until === null ? 'except for one attempt that tests it' : `until ${clockTime(until)}`;
  const often = failures === 1 ? 'it failed' : `it failed ${failures} times in a row`;
  const cause = lastFailure ? `: ${lastFailure.message}` : '.';
  return {
    why: 'leftAlone',
    sentence: `${breakerSubject(breaker)} is held back ${how}, because ${often}${cause}`,
    frees: `${ACTORS[about]} The daemon tries it again by itself, with one attempt.`,
    until,
  };
}
