import { DaemonError } from '../../errors.ts';
import { effect } from '../effect.ts';

/** What GitHub says of a job whose runner process has ended. Rejects while GitHub still calls it running. */
export const recheckJob = effect(
  'recheckJob',
  async (world, { owner, repository, jobId, runnerName }, signal) => {
    const job = await world.github.getJob(owner, repository, jobId, { signal });
    if (job === null) return { status: 'completed', conclusion: null, here: false };
    const here = job.runnerName === runnerName;
    if (here && job.status === 'in_progress') {
      throw new DaemonError(
        'JOB_OUTCOME_UNKNOWN',
        `The runner of job ${jobId} has ended but GitHub still calls the job in progress.`,
      );
    }
    return { status: job.status, conclusion: job.conclusion, here };
  },
);
