import { NO_JOB } from '../../../machines/job/context.ts';
import { DaemonError } from '../../errors.ts';
import { effect } from '../effect.ts';

/**
 * Reads at GitHub how far a job is and whether our runner is online. A job that GitHub no longer has is over.
 */
export const askGitHub = effect(
  'askGitHub',
  async (world, { owner, repository, jobId, scope, runnerName, runnerId }, signal) => {
    const options = { signal, purpose: 'teardown' as const };
    const runner = await world.github.findRunner(scope, runnerName, { ...options, id: runnerId });
    // Read after the runner: a job that the runner took before it went offline is in progress by now.
    const job = jobId === NO_JOB ? null : await world.github.getJob(owner, repository, jobId, options);
    return {
      status: job?.status ?? 'completed',
      conclusion: job?.conclusion ?? null,
      here: job?.runnerName === runnerName,
      runner: runner?.status ?? 'absent',
    };
  },
);

/** Asks GitHub how a job that seems to be over ended. Rejects while GitHub has it in progress. */
export const recheckJob = effect(
  'recheckJob',
  async (world, { owner, repository, jobId, runnerName }, signal) => {
    const job = await world.github.getJob(owner, repository, jobId, { signal });
    if (job === null) return { status: 'completed', conclusion: null, here: false };
    const isOurs = job.runnerName === runnerName;
    if (isOurs && job.status === 'in_progress') {
      throw new DaemonError(
        'JOB_OUTCOME_UNKNOWN',
        `Job ${jobId} seems to be over, but GitHub still reports it as in progress; GitHub is asked again.`,
      );
    }
    return { status: job.status, conclusion: job.conclusion, here: isOurs };
  },
);
