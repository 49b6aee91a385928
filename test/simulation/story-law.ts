import { subjectOf } from '../../machines/job/subject.ts';
import { type Attempt, AttemptTeller } from '../../src/journal/story/attempts.js';
import { JobContexts } from '../../src/journal/story/contexts.js';
import { verdictOn } from '../../src/journal/story/verdict.js';
import { waitsOf } from '../../src/journal/story/waits.js';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';
import { labelOf } from './job-groups.ts';
import type { SimulatedWorld, WorkDone } from './simulated-world.ts';

/** What GitHub, the guests and the scenario know of a job. */
export interface JobTruth {
  jobId: number;
  status: Job['state']['status'];
  conclusion: string | null;
  /** GitHub still answers for it: its repository was not deleted. */
  isAnswered: boolean;
  /** The record of each VM that it had is there, so that its story can name them. */
  hasRecord: boolean;
  /** The daemon's clock was never set and runs at the right rate. */
  isClockRight: boolean;
  /** Its host lost the VM in which it ran: it went without an order. */
  isVmLost: boolean;
  /** Its agent ended that VM at the end of its lifetime. */
  isVmExpired: boolean;
  /** No entry in the middle of the journal is lost. */
  isWhole: boolean;
  /** Its label left the config for a while. */
  wasRemoved: boolean;
  /** The work of our runners on it, in order; usually one or none. */
  work: readonly WorkDone[];
}

/**
 * Notes where the story that the journal tells of a job is not what happened: its phases, attempts and instants
 * at each moment, and its VM, its end and whose fault that was once the world has come to rest. The truth comes
 * from GitHub and the guests.
 */
export function checkStories(world: SimulatedWorld): void {
  const entries = [...world.committed.rows]
    .filter(([key]) => key.startsWith('!journal!'))
    .map(([, row]): StoredJournalEntry => JSON.parse(row))
    .sort((one, other) => one.seq - other.seq);
  const isWhole = entries.every(({ seq }, at) => at === 0 || seq === (entries[at - 1]?.seq ?? 0) + 1);
  const isRestored = world.scenario.controllers?.incidents.some(({ what }) => what === 'databaseRestored');
  const hasRecord =
    !isRestored && ![...world.committed.rows.keys()].some((key) => key.startsWith('!quarantine!'));
  const { clock, controllers } = world.scenario;
  const isClockRight = clock.settings.length === 0 && !controllers;
  const stories = new Map<number, StoredJournalEntry[]>();
  for (const entry of entries) stories.set(entry.jobId, [...(stories.get(entry.jobId) ?? []), entry]);
  for (const [jobId, story] of stories) {
    const job = world.github.jobs.get(jobId);
    if (!job) continue;
    const { status, conclusion } = job.state;
    const isAnswered = [...world.github.repositories.values()].includes(job.run.repository);
    const work = world.work.filter((one) => one.jobId === jobId);
    const ranIn = world.ledger.vms.findLast(({ vm }) => vm.name === work.at(-1)?.vmName);
    const isVmLost =
      ranIn !== undefined && !ranIn.isDoomed && ranIn.mac.agent.vms.get(ranIn.vm.id) !== ranIn.vm;
    const { expiresAt = null, updatedAt = 0 } = ranIn?.vm ?? {};
    const isVmExpired = expiresAt !== null && updatedAt >= expiresAt;
    const wasRemoved = world.scenario.troubles.some(
      (trouble) =>
        trouble.what === 'configReloaded' && trouble.how === 'labelRemoved' && trouble.label === labelOf(job),
    );
    const known = {
      status,
      conclusion,
      isAnswered,
      hasRecord,
      isClockRight,
      isVmLost,
      isVmExpired,
      wasRemoved,
    };
    const truth = { jobId, ...known, isWhole, work };
    for (const what of untruths(story, truth)) {
      world.broken.note('law 10: the story of a job is true', `job ${jobId}: ${what}`);
    }
  }
}

/** What is wrong with the story of a job. Its beginning may be pruned; then only its end is judged. */
export function untruths(story: StoredJournalEntry[], truth: JobTruth): string[] {
  const first = story.find(({ kind }) => kind === undefined);
  if (first?.event !== 'job.observed') return [];
  const told = { attempts: new AttemptTeller(), contexts: new JobContexts() };
  const found = new Set<string>();
  for (const [at, entry] of story.entries()) {
    told.attempts.add(entry);
    told.contexts.add(entry);
    // Two actors that exchange their jobs write an entry each, in one batch: nobody sees the first entry without the second.
    if (story[at + 1]?.at === entry.at) continue;
    if (truth.isWhole) for (const what of ofMoment(told, entry.at)) found.add(what);
  }
  for (const what of ofEnd(told, story, truth)) found.add(what);
  return [...found];
}

/** The story up to a moment, as page and `explain` tell it. */
interface Told {
  attempts: AttemptTeller;
  contexts: JobContexts;
}

function ofMoment({ attempts: { attempts }, contexts }: Told, now: number): string[] {
  const holder = contexts.ofHolder;
  const { context, last } = holder;
  const { headline, cause, act, next } = verdictOn(holder, now);
  const found = [...ofPhases(attempts), ...ofNumbers(attempts)];
  const said = [headline, cause, act, next].join(' ');
  if (/undefined|NaN|\bnull\b|\[object/.test(said)) found.push(`it says "${said}"`);
  if (context.job && last && context.vm !== undefined && last.to !== 'done' && last.to !== 'failed') {
    const { attempt } = subjectOf({ job: context.job, vm: context.vm });
    if (attempts.at(-1)?.number !== attempt)
      found.push(`it tells attempt ${attempts.at(-1)?.number} last, and the job is in attempt ${attempt}`);
    if (last.attempt !== attempt) found.push(`an entry of attempt ${attempt} has number ${last.attempt}`);
    for (const { what, at } of waitsOf({ state: last.to, context }))
      if (at < now - LONGEST_STORY) found.push(`it waits for an instant without a value: ${what}`);
  }
  return found;
}

/** Milliseconds; longer than any story lasts. */
const LONGEST_STORY = 100 * 24 * 3_600_000;

function ofPhases(attempts: readonly Attempt[]): string[] {
  return attempts.flatMap(({ number, phases }) =>
    phases.flatMap(({ state, from, to }, at) => {
      const next = phases[at + 1];
      if (to !== null && to < from) return [`${state} of attempt ${number} ends before it begins`];
      // A phase that begins earlier than the one before it follows a clock that was set back in between.
      if (next && (to === null || (next.from >= from && to > next.from)))
        return [`phases of attempt ${number} overlap`];
      return [];
    }),
  );
}

/** Each attempt follows the one before it; a job that is served again after its end begins again. */
function ofNumbers(attempts: readonly Attempt[]): string[] {
  const wrong = attempts.filter(
    ({ number }, at) => number !== 1 && number !== (attempts[at - 1]?.number ?? 0) + 1,
  );
  return wrong.map(
    ({ number }) => `attempt ${number} follows ${attempts.map((one) => one.number).join(', ')}`,
  );
}

function ofEnd(
  { attempts: { attempts }, contexts }: Told,
  story: StoredJournalEntry[],
  truth: JobTruth,
): string[] {
  const { status, conclusion, isAnswered, work, hasRecord, wasRemoved } = truth;
  const open = attempts.flatMap(({ phases }) => phases.filter(({ to }) => to === null));
  const found = open.map(({ state }) => `its ${state} never ends`);
  const end = story.findLast(({ to, end }) => end && (to === 'done' || to === 'failed'))?.end;
  if (!end) return status === 'completed' ? [...found, 'its end is not told'] : found;
  const told = `${end.outcome}${end.blame ? ` (${end.blame})` : ''}`;
  const done = work.at(-1);
  // A runner that was there for another job may still get one that was given up, and nobody asks about it.
  const wasGivenUp = told === GIVEN_UP && (!isAnswered || wasRemoved);
  if (done && !wasGivenUp) {
    const served = attempts.findLast(({ vm }) => vm !== null)?.vm;
    const { takenBy } = contexts.ofHolder.context.job ?? {};
    const isNamed = served?.name === done.vmName || takenBy?.runner === done.runnerName;
    // Which runner took the job, GitHub alone can say.
    if (!isNamed && hasRecord && isAnswered)
      found.push(`it names VM ${served?.name}, and ran in ${done.vmName}`);
  }
  const expected = [...endsThatAreTrue(conclusion, done), ...endsUnheard(truth, done)];
  if (!expected.includes(told) && !wasGivenUp)
    found.push(
      `it ended ${told}, and in truth ${done?.how ?? 'without work'} (${conclusion}): ${end.cause?.message}`,
    );
  return found;
}

/** Ends that a daemon tells that could not hear of the true one. */
function endsUnheard(
  { hasRecord, isAnswered, isClockRight, isVmLost, isVmExpired }: JobTruth,
  done: WorkDone | undefined,
): string[] {
  const ends: string[] = [];
  // Without the record of its VM, nobody waits for the end of the job that runs in it; and GitHub says nothing of the
  // jobs of a deleted repository.
  if (!hasRecord || !isAnswered) ends.push('unknown');
  // Only its runner knew that it was over, and the daemon saw only the end of its VM.
  if (!isAnswered && (done?.how === 'refused' || isVmExpired)) ends.push('lost (job)');
  // Our clock may be slow, for example while it follows a system clock that was set back. Then a VM goes before its
  // lifetime ends on our clock.
  if (!isClockRight && done?.how === 'expired') ends.push('lost (host)');
  // Nobody looked between the end of the runner and that of the VM, which alone would have cost the job. Of a job whose
  // repository was deleted, nobody hears that it ended while its runner stayed.
  if (isVmLost && (done?.how === 'died' || !isAnswered)) ends.push('lost (host)');
  return ends;
}

/** The end of a job whose label left the config, or whose repository is gone. */
const GIVEN_UP = 'notOurs (operator)';

/** Whose fault it was is not known, since the guest could not be asked when GitHub said that the job had failed. */
const UNSEEN = 'failed';

function endsThatAreTrue(conclusion: string | null, done: WorkDone | undefined): string[] {
  if (!done) return ['cancelled', 'cancelled (operator)', 'notOurs', GIVEN_UP, 'unknown'];
  if (conclusion === 'success') return ['succeeded'];
  const isCancelled = conclusion === 'cancelled' ? ['cancelled'] : [];
  switch (done.how) {
    case 'ended':
      return conclusion === 'failure' ? ['failed (job)', UNSEEN] : isCancelled;
    case 'died':
      return ['lost (image)', UNSEEN, ...isCancelled];
    case 'powerCut':
      return ['lost (host)', UNSEEN, ...isCancelled];
    case 'expired':
      return ['lost (job)', UNSEEN, ...isCancelled];
    case 'refused':
      return ['lost (host)', ...isCancelled];
  }
}
