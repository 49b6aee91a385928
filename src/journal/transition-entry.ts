import type { AnyEventObject } from 'xstate';
import { failureOf } from '../../machines/failure.ts';
import type { JobContext } from '../../machines/job/context.ts';
import { subjectOf } from '../../machines/job/subject.ts';
import { beginsTeardown, isFailed } from '../../machines/job/written-state.ts';

/** An event as people read it: XState's own names only say which effect ended, and how. */
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

/** The parts that are not the same objects as before: XState keeps those that did not change. */
export function changedParts(before: JobContext | null, now: JobContext): Partial<JobContext> {
  return Object.fromEntries(
    PARTS.filter((part) => before === null || before[part] !== now[part]).map((part) => [part, now[part]]),
  );
}

/** What the journal and the log say of one transition. */
export function transitionEntry(
  actor: string,
  at: number,
  event: AnyEventObject,
  from: string,
  to: string,
  context: JobContext,
) {
  const failed = /^xstate\.error\./.test(event.type);
  // Within a teardown the context's failure is its cause, which an earlier entry told.
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
    ...(failure && { detail: { code: failure.code, blame: failure.blame, message: failure.message } }),
  };
}
