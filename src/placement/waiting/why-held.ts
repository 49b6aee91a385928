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
        'GitHub has kept it queued for more than 25 hours and assigns it to nobody, so it gets no VM.',
      frees: 'Nobody here: cancel it at GitHub and run it again.',
      until: null,
    };
  }
  if (pausedUntil !== null) {
    return {
      why: 'leftAlone',
      sentence: `GitHub's hourly budget has nothing left for new runners until ${clockTime(pausedUntil)}.`,
      frees: 'That time. Poll less often, use webhooks or an App.',
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
      sentence: `${first.host} has no ${first.image} yet: ${first.progress ?? 'pulling'}.`,
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
  github: 'GitHub has to answer again.',
  registration: 'Whoever administers it at GitHub.',
  pull: 'Whoever runs the registry, or gives the Mac its rights there.',
  pair: 'Whoever makes the image, or runs that Mac.',
  host: 'Whoever runs that Mac.',
  profile: 'Whoever makes the image.',
};

function heldBack(breaker: BreakerView): Held {
  const { about, state, retryAt, failures, lastFailure } = breaker;
  const until = state === 'open' ? retryAt : null;
  const how = until === null ? 'but for one attempt that tries it' : `until ${clockTime(until)}`;
  const often = failures === 1 ? 'it failed' : `it failed ${failures} times in a row`;
  const cause = lastFailure ? `: ${lastFailure.message}` : '.';
  return {
    why: 'leftAlone',
    sentence: `${breakerSubject(breaker)} is held back ${how}, since ${often}${cause}`,
    frees: `${ACTORS[about]} One attempt tries it by itself.`,
    until,
  };
}
