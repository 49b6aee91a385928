import { type Blame, type Failure, type FailureCode, failure } from '../failure.ts';
import { type Job, type JobContext, NO_JOB } from './context.ts';

/**
 * How a job ended, in the one set that list, page, journal, metrics and evidence use. `failed`: GitHub says so, and
 * nothing of ours, the host or the image is known to have caused it. `lost`: its VM or runner ended under it.
 * `notOurs`: another runner has it, or its label or repository is not served here any more. `unknown`: GitHub did not
 * say how it ended.
 */
export const JOB_OUTCOMES = ['succeeded', 'failed', 'cancelled', 'lost', 'notOurs', 'unknown'] as const;
export type JobOutcome = (typeof JOB_OUTCOMES)[number];

/** How a job ended for us: the output of its actor. */
export interface JobEnd {
  outcome: JobOutcome;
  /** Who is to blame; null if nobody is, or if it is not known. */
  blame: Blame | null;
  /** What caused it; null where only GitHub's conclusion is known. */
  cause: Failure | null;
  /** VMs that it had. */
  attempts: number;
}

/** Failures that end a job that runs in the VM. */
export const LOSSES: readonly FailureCode[] = [
  'VM_VANISHED',
  'LIFETIME_EXCEEDED',
  'RUNNER_EXITED',
  'RUNNER_DIED',
  'RUNNER_LOST_CONTACT',
];

const SUCCESSES: readonly (string | null)[] = ['success', 'neutral'];
const CANCELLATIONS: readonly (string | null)[] = ['cancelled', 'skipped'];

/** Failures that the daemon may see long after the job's own end, when it slept or could not reach the host. */
const OF_A_GONE_VM: readonly FailureCode[] = ['VM_VANISHED', 'LIFETIME_EXCEEDED'];

/** What is told of a job that may have ended before its VM went. */
export const END_UNSEEN = {
  code: 'END_UNSEEN',
  message: 'The job was over and its VM gone when both were looked at: nobody saw which came first.',
} as const;

/** Whether the failure says that the VM or the runner ended, also if nobody saw when. */
export const endsRunner = ({ code }: Failure) => LOSSES.includes(code) || code === END_UNSEEN.code;

/** Milliseconds; GitHub waits longer before it fails a job whose runner is gone. */
const RUNNER_SILENCE = 5 * 60_000;

/**
 * Whether a job that seemed to be lost with its VM had ended by itself before: it succeeded, or GitHub tells its end
 * earlier than it fails a job without a runner. `conclusion` is GitHub's, `ms` the time since the loss.
 */
export function mayHaveEndedBefore(loss: Failure | null, conclusion: string | null, ms: number): boolean {
  if (loss === null || !OF_A_GONE_VM.includes(loss.code)) return false;
  return SUCCESSES.includes(conclusion) || ms < RUNNER_SILENCE;
}

/** A job, and the runner of the actor that has it. */
type Served = Pick<JobContext, 'job' | 'runner'>;

/** Whether the job ran on the runner of its actor. */
const ranHere = ({ job, runner }: Served) => runner !== null && job.takenBy?.runner === runner.name;

/**
 * Returns the failure if it may have cost the job: the job ran on the runner of this actor, and did not succeed.
 * Otherwise null.
 */
export function costOf(served: Served, failure: Failure | null): Failure | null {
  return ranHere(served) && !SUCCESSES.includes(served.job.conclusion) ? failure : null;
}

/**
 * Returns what cost a job of which GitHub tells news after its VM or its runner is gone. `ms` is the time since the loss
 * was seen. Null: nothing of ours did.
 */
export function costOfTold(served: Served, loss: Failure | null, ms: number): Failure | null {
  const cost = costOf(served, loss);
  const { status, conclusion } = served.job;
  const isUnseen = status === 'completed' && mayHaveEndedBefore(cost, conclusion, ms);
  return isUnseen ? failure(END_UNSEEN.code, END_UNSEEN.message) : cost;
}

/** Returns the end of an actor whose job needs no further VM; null when it has no job. */
export function servedEnd({ context }: { context: JobContext }): JobEnd | null {
  if (context.job.id === NO_JOB) return null;
  return endOf(context.job, costOf(context, context.failure), ranHere(context));
}

/** Returns the end of an actor whose job is given up, or whose record an operator ended. */
export function unservedEnd({ context: { job, runner, failure } }: { context: JobContext }): JobEnd | null {
  if (job.id === NO_JOB) return null;
  const end = (outcome: JobOutcome, blame: Blame | null = failure?.blame ?? null): JobEnd => ({
    outcome,
    blame,
    cause: failure,
    attempts: job.attempt,
  });
  if (failure?.code === 'OPERATOR_CANCELLED') return end('cancelled');
  if (failure?.code === 'OPERATOR_FORGOT') return end('unknown');
  // The runner may have run the job, and GitHub does not say so any more.
  if (failure?.code === 'REPOSITORY_GONE' && runner?.mode) return end('unknown', null);
  return end('notOurs');
}

/**
 * Returns what became of a job that was not given up. `cause` is what is known to have gone wrong while it ran.
 * `isWatched`: an actor watched its runner; otherwise nobody can tell who is to blame for a failure.
 */
export function endOf(
  {
    status,
    conclusion,
    takenBy,
    attempt: attempts,
  }: Pick<Job, 'status' | 'conclusion' | 'takenBy' | 'attempt'>,
  cause: Failure | null,
  isWatched: boolean,
): JobEnd {
  const end = (outcome: JobOutcome, blame: Blame | null = null): JobEnd => ({
    outcome,
    blame,
    cause: outcome === 'lost' || outcome === 'failed' ? cause : null,
    attempts,
  });
  if (takenBy?.isOurs === false) return end('notOurs');
  if (SUCCESSES.includes(conclusion)) return end('succeeded');
  if (cause !== null && LOSSES.includes(cause.code)) return end('lost', cause.blame);
  if (status !== 'completed' || conclusion === null) return end('unknown');
  if (CANCELLATIONS.includes(conclusion)) return end('cancelled');
  return end('failed', isWatched && cause === null ? 'job' : null);
}
