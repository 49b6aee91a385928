import type { AnyEventObject } from 'xstate';
import { type Failure, failureOf } from '../../machines/failure.ts';
import type { JobContext } from '../../machines/job/context.ts';
import { subjectOf } from '../../machines/job/subject.ts';
import { beginsTeardown, isFailed } from '../../machines/job/written-state.ts';
import type { JournalEntry } from '../store/tables/journal.ts';
import { isNotYet } from './trouble.js';

/** An event in words for people: XState's own names only say which effect ended, and how. */
export function eventName({ type }: AnyEventObject, from: string): string {
  const match = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type);
  if (match) return `${match[2]} ${match[1] === 'done' ? 'done' : 'failed'}`;
  if (type !== 'xstate.init') return type;
  return from === '' ? 'job.observed' : 'daemon.restarted';
}

const PARTS = [
  'job',
  'vm',
  'runner',
  'phase',
  'runnerRemoval',
  'jobCheck',
  'failure',
  'otherJobSince',
] as const;

/**
 * The parts that are not the same objects as before: XState keeps unchanged parts. Returns all parts when the
 * actor serves another job than before: the story of that job begins here and needs its VM.
 */
export function changedParts(before: JobContext | null, now: JobContext): Partial<JobContext> {
  const isNew = before === null || before.job.id !== now.job.id;
  return Object.fromEntries(
    PARTS.filter((part) => isNew || before[part] !== now[part]).map((part) => [part, now[part]]),
  );
}

/** What the journal and the log record of one transition. */
export function transitionEntry(
  actor: string,
  at: number,
  event: AnyEventObject,
  from: string,
  to: string,
  context: JobContext,
) {
  const failed = /^xstate\.error\./.test(event.type);
  // Within a teardown the context's failure is the cause of the teardown, which an earlier entry already has.
  const ending = isFailed(to) || beginsTeardown(from, to);
  const failure = failed ? failureOf((event as { error?: unknown }).error) : ending ? context.failure : null;
  const isReleased = from === '' && context.vm === null && context.job.attempt > 0;
  return {
    at,
    actor,
    ...subjectOf(context),
    host: context.vm?.host ?? null,
    event: isReleased ? 'job.released' : eventName(event, from),
    from,
    to,
    ...told(failure, failed && !ending && failure !== null && isNotYet(failure.code, from)),
  };
}

function told(failure: Failure | null, notYet: boolean): Pick<JournalEntry, 'detail' | 'notYet'> {
  if (failure === null) return {};
  const { code, blame, message } = failure;
  return notYet ? { notYet: message } : { detail: { code, blame, message } };
}
