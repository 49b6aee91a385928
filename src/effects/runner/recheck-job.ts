import { DaemonError } from '../../errors.ts';
import { effect } from '../effect.ts';

/** Reads at GitHub what became of a job that seems to be over. Rejects while GitHub has it in progress. */
export const recheckJob = effect(
  'recheckJob',
  async (world, { owner, repository, jobId, runnerName }, signal) => {
    const job = await world.github.getJob(owner, repository, jobId, { signal });
    if (job === null) return { status: 'completed', conclusion: null, here: false };
    const isOurs = job.runnerName === runnerName;
    if (isOurs && job.status === 'in_progress') {
      throw new DaemonError(
        'JOB_OUTCOME_UNKNOWN',
        `Job ${jobId} seems to be over but GitHub still calls it in progress.`,
      );
    }
    return { status: job.status, conclusion: job.conclusion, here: isOurs };
  },
);
