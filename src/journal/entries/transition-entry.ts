import type { AnyEventObject } from 'xstate';
import { type Failure, failureOf } from '../../../machines/failure.ts';
import { type Job, type JobContext, NO_JOB } from '../../../machines/job/context.ts';
import { endOf, type JobEnd, type JobOutcome, servedEnd } from '../../../machines/job/job-end.ts';
import { subjectOf } from '../../../machines/job/subject.ts';
import { beginsTeardown, isFailed, isTearingDown } from '../../../machines/job/written-state.ts';
import type { JobSnapshot } from '../../../machines/job.ts';
import type { JournalEntry } from '../../store/tables/journal.ts';
import { isNotYet } from '../trouble.js';

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
  'hold',
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
  { context, output }: Pick<JobSnapshot, 'context' | 'output'>,
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
    ...endIn(output ?? (isTearingDown(to) ? earlyEnd(context) : null)),
  };
}

/** Ends that no later observation changes. */
const CERTAIN: readonly JobOutcome[] = ['succeeded', 'failed', 'cancelled', 'lost'];

/** How the job of a VM that is being removed ended, when that is certain; a removal may take hours. */
function earlyEnd(context: JobContext): JobEnd | null {
  const end = context.job.status === 'queued' ? null : servedEnd({ context });
  return end && CERTAIN.includes(end.outcome) ? end : null;
}

function endIn(end: JobEnd | null): Pick<JournalEntry, 'end'> {
  return end === null ? {} : { end: { outcome: end.outcome, blame: end.blame, cause: end.cause } };
}

function told(failure: Failure | null, notYet: boolean): Pick<JournalEntry, 'detail' | 'notYet'> {
  if (failure === null) return {};
  const { code, blame, message } = failure;
  return notYet ? { notYet: message } : { detail: { code, blame, message } };
}

/** The last entry in the story of a job that had an actor and ends without one. */
export function settledEntry(job: Job, at: number): JournalEntry {
  return {
    at,
    actor: `${job.id}.settled`,
    jobId: job.id,
    // The story of a job that never had a VM is that of its first attempt.
    attempt: Math.max(1, job.attempt),
    host: null,
    event: 'job.settled',
    from: '',
    to: 'done',
    changed: { job },
    ...endIn(endOf(job, null, false)),
  };
}

/**
 * What the story of a job says when its actor goes on with another job, or for the job that its VM was made for: the
 * actor's later entries are in another story. Null when they stay in the same one.
 */
export function handoverEntry(
  before: JobContext,
  { at, actor, jobId, host, event, from, to }: JournalEntry,
): JournalEntry | null {
  const left = subjectOf(before);
  if (left.jobId === NO_JOB || left.jobId === jobId) return null;
  const detail = event === 'job.released' ? {} : { jobId };
  return { kind: 'handover', at, actor, ...left, host, event, from, to, detail };
}
