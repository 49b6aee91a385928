import { type Failure, failure } from '../../../machines/failure.ts';
import type { RunnerStatus } from '../../guest/scripts/status.ts';

/** Why a runner process ended that had no job; null when it had one, since then its end is not a failure. */
export function runnerEnded(runnerName: string, status: RunnerStatus): Failure | null {
  if (status.tookJob) return null;
  if (status.deprecated) {
    return failure(
      'RUNNER_DEPRECATED',
      `GitHub refuses the runner version in the image (runner ${runnerName}): build the image with a current one.`,
    );
  }
  const gone = status.registrationGone ? ' GitHub had removed its registration.' : '';
  const last = status.lastLines.at(-1);
  const code = status.exitCode === null ? 'without an exit code' : `with exit code ${status.exitCode}`;
  return failure(
    'RUNNER_EXITED',
    `The runner ${runnerName} ended ${code} before it had a job.${gone}${last ? ` Its last line: ${last}` : ''}`,
  );
}
